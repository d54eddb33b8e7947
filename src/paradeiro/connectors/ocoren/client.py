"""In: an account; out: a session that asks nothing: OCOREN comes as files, which Paradeiro fetches or is given."""

from paradeiro.sdk.contract import AccountRef, Clock


class OcorenSession:
    """The session of an account whose carrier writes files. It has no connection."""

    def __init__(self, _: AccountRef, __: Clock) -> None:
        pass

    async def close(self) -> None:
        """Nothing is open."""
