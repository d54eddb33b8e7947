"""In: an address of a folder; out: the folder by SFTP or by FTPS, as `remote_files.py` describes it."""
