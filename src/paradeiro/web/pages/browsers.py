"""In: how a browser calls itself; out: a short name for people. Pure; a guess that decides nothing."""

# In this order: most browsers also claim to be others.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_LONGEST = 40


def browser_name(user_agent: str) -> str:
    """Browser and system ("Firefox, Linux"); what it says itself, cut, where neither is known."""
    named = [next((name for mark, name in kind if mark in user_agent), "") for kind in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, named)) or user_agent[:_LONGEST] or "?"
