"""In: settings; out: backups made, checked, restored and made again by the clock."""
