"""In: public collections of mails that came back, fetched by you; out: how many our door judges as they do, or not.

    python scripts/bounce_figures.py --flufl flufl_bounce-6.0.0 --emails set-of-emails --verdicts p5-sisimai

`--flufl`: the unpacked source package of flufl.bounce (`pip download --no-binary :all: --no-deps flufl.bounce`);
`--emails`: a checkout of github.com/sisimai/set-of-emails; `--verdicts`: one of github.com/sisimai/p5-sisimai, whose
tests say what each mail is. Nothing of them is copied. Each can be left out.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from paradeiro.connectors.email.report import read_report

_KEY = "018f3c1e-7b2a-4c3d-9e4f-5a6b7c8d9e0f"
_OURS = frozenset(
    {
        "authfailure",
        "badreputation",
        "blocked",
        "contenterror",
        "emailtoolarge",
        "exceedlimit",
        "failedstarttls",
        "mesgtoobig",
        "norelaying",
        "notcompliantrfc",
        "policyviolation",
        "ratelimited",
        "rejected",
        "requireptr",
        "securityerror",
        "spamdetected",
        "speeding",
        "toomanyconn",
        "virusdetected",
    }
)
_NOTHING = frozenset({"vacation", "delivered"})
_VERDICT = re.compile(r"'(\d+)'\s*=>\s*\[(.*?)\](?=,\s*\n\s*'\d|,?\s*\n\s*\};)", re.DOTALL)
_ROW = re.compile(r"\[\s*'([^']*)'\s*,\s*'([^']*)'\s*,\s*'([^']*)'\s*,\s*([01])")


def judged(raw: bytes) -> str:
    """What our door says of the reader of one mail that came back: hard, soft, complaint, ours, none."""
    # Amazon's JSON names a mail in its headers.
    named = b'"commonHeaders":{"messageId":"<' + _KEY.encode() + b'@shop.example>"'
    if b'"commonHeaders":{' in raw:
        raw = raw.replace(b'"commonHeaders":{', named + b",", 1)
    else:
        raw = raw.replace(b'"mail":{', b'"mail":{' + named + b"},", 1)
    report = read_report(b"Delivered-To: bounces+" + _KEY.encode() + b"@shop.example\n" + raw.lstrip())
    if report.bounces:
        kinds = [bounce.kind.value for bounce in report.bounces]
        return next(kind for kind in ("complaint", "hard", "soft") if kind in kinds)
    return "ours" if report.blamed else "none"


def sisimai(emails: Path, verdicts: Path) -> Iterator[tuple[str, set[str], str, str]]:
    """Each mail: its name, the right answers, the reason by which they are right, and our answer."""
    for file in sorted((verdicts / "t").glob("*.t")):
        kind = re.match(r"\d+-(lhost-\S+|rhost-\S+|rfc\d+|arf|reason\S*)\.t", file.name)
        if kind is None:
            continue
        for number, rows in _VERDICT.findall(file.read_text(encoding="utf-8", errors="replace")):
            found = list((emails / "maildir" / "bsd").glob(f"{kind[1]}-{number}.eml"))
            said = _ROW.findall(rows + "]")
            if found and said:
                reasons = {row[2] for row in said}
                yield found[0].name, _right(said), "/".join(sorted(reasons)), judged(found[0].read_bytes())


def _right(said: list[tuple[str, str, str, str]]) -> set[str]:
    right = set()
    for _, _, reason, hard in said:
        if reason == "feedback":
            right.add("complaint")
        elif hard == "1":
            right.add("hard")
        elif reason in _OURS:
            right |= {"ours", "none"}
        elif reason in _NOTHING:
            right.add("none")
        else:
            right |= {"soft", "none"}
    return right


def flufl(source: Path) -> Iterator[tuple[str, set[str], str, str]]:
    """The same for the recorded bounces of flufl.bounce, which says only whether it is for good."""
    said = (source / "tests" / "test_detectors.py").read_text(encoding="utf-8")
    rows = re.findall(r"\('(\w+)',\s*'([\w.]+)',\s*\[(.*?)\],\s*(True|False)", said, re.DOTALL)
    for name in sorted({row[1] for row in rows}):
        if not any(row[2].strip() for row in rows if row[1] == name):
            continue  # it finds no address there, which is no verdict
        temporary = all(row[3] == "True" for row in rows if row[1] == name)
        # What is for good may be about us all the same; what is temporary is no strike yet.
        right = {"none", "soft", "ours"} if temporary else {"hard", "soft", "ours"}
        yield (
            name,
            right,
            "temporary" if temporary else "permanent",
            judged((source / "tests/data" / name).read_bytes()),
        )


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flufl", type=Path)
    parser.add_argument("--emails", type=Path)
    parser.add_argument("--verdicts", type=Path)
    parser.add_argument("--quiet", action="store_true", help="the figures only, not each difference")
    options = parser.parse_args()
    if options.flufl:
        show("flufl.bounce", list(flufl(options.flufl)), quiet=options.quiet)
    if options.emails and options.verdicts:
        show("Sisimai", list(sisimai(options.emails, options.verdicts)), quiet=options.quiet)


def show(title: str, found: list[tuple[str, set[str], str, str]], *, quiet: bool) -> None:
    """One collection: of each right answer how many we gave, and which not."""
    of: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for _, right, _, ours in found:
        name = "/".join(sorted(right))
        of[name] += 1
        same[name] += ours in right
    print(f"{title}: {sum(same.values())} of {sum(of.values())}")
    for name, count in of.most_common():
        print(f"  {name}: {same[name]} of {count}")
    for name, right, reason, ours in found if not quiet else ():
        if ours not in right:
            print(f"    {name}: {reason}, we say {ours}")


if __name__ == "__main__":
    main()
