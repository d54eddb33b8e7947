"""In: a connector; out: the fields of its accounts, with those that say where its files are fetched."""

from paradeiro.domain.words import Way
from paradeiro.sdk.contract import AccountField, Connector

FOLDER, URL = "folder", "remote_url"
PASSWORD, KEY, HOST_KEY, AFTERWARDS = "remote_password", "remote_key", "remote_host_key", "remote_afterwards"
FILE_FIELDS = (
    AccountField(
        FOLDER,
        required=False,
        help="a folder that the carrier's files are put into, the same for all workers; taken ones move to done/, "
        "others to unreadable/",
        example="/srv/edi/in",
    ),
    AccountField(
        URL,
        required=False,
        help="where its files are fetched: sftp://user@host/folder or ftps://user@host/folder (FTP with AUTH TLS)",
        example="sftp://shop@edi.example.com/out",
    ),
    AccountField(PASSWORD, secret=True, required=False, help="the password there"),
    AccountField(KEY, secret=True, required=False, help="sftp: instead of a password, our private key (OpenSSH)"),
    AccountField(
        HOST_KEY,
        required=False,
        help="sftp: the server's public key, needed (a line of ssh-keyscan that the carrier confirms: ssh-ed25519 "
        "AAAA…). ftps: its certificate in PEM, where no public authority has issued it",
    ),
    AccountField(
        AFTERWARDS,
        required=False,
        help="what becomes of a taken file there: keep (default), delete, or move:FOLDER",
        example="keep",
    ),
)


def fields_of(connector: Connector) -> tuple[AccountField, ...]:
    """The fields that an account at this connector can have."""
    own = {field.name for field in connector.account_fields}
    more = FILE_FIELDS if Way.FILE in connector.ways else ()
    return (*connector.account_fields, *(field for field in more if field.name not in own))
