"""In: a mail server's status code and text; out: whether the recipient or the sender is at fault, and how. Pure.

The text comes first. Servers use "5.1.1" for a blocked sender and a full mailbox, and "5.0.0" or "5.7.1" for an unknown
mailbox; their text, meant for people, is more reliable. Where the text says nothing, RFC 3463's codes decide. Sources:
connectors/email/README.md; figures: scripts/bounce_figures.py.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from paradeiro.domain.words import BounceKind

_MAX_LENGTH = 4000


class SenderFault(StrEnum):
    """Why a server refuses the sender, whoever the recipient is."""

    BLOCKED = "blocked"  # the address that we send from is on a list, or refused there
    AUTHENTICATION = "authentication"  # SPF, DKIM, DMARC
    REVERSE_DNS = "reverse_dns"  # no PTR record, or a HELO name that does not fit
    CONTENT = "content"  # taken for spam, or for dangerous
    SIZE = "size"  # this mail is too big
    RATE = "rate"  # too many mails, connections or recipients in a short time
    RELAY = "relay"  # the server does not send for us, or not under this sender's name
    POLICY = "policy"  # a rule of theirs that names no reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reader`: what it means for the recipient's address (None: nothing); `ours`: the sender's fault. At most one is
    set. `plain`: decided by the text, not by a code or the lack of one.
    """

    reader: BounceKind | None = None
    ours: SenderFault | None = None
    plain: bool = False


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


# The sender's quota, not the mailbox's.
_OUR_QUOTA = _any_of(
    r"(?:sending|send|daily|hourly|outbound|relay)(?: \w+)? quota", r"(?:cota|quota|cuota|limite) de env[ií]o"
)
# The mailbox exists and is full. Checked first: "5.1.1 over quota" means that the recipient exists.
_FULL = _any_of(
    r"(?:over|out of|exceed\w*|above)(?: \w+){0,4} (?:quota|storage|limit of space)",
    r"quota(?: \w+){0,2} (?:exceed|full|reached)",
    r"(?:mail ?box|mail ?folder|account|inbox|mailfile|user)(?: \S+){0,4} (?:is )?(?:too |almost )?full\b",
    r"mail ?box (?:size )?limit|exceeded (?:storage|(?:the )?(?:mail)?box)|storage (?:allocation|limit|quota)",
    r"insufficient (?:disk|mailbox)|no space left|disk quota|not enough (?:storage|space|disk)",
    r"account.{0,30}(?:exceed|full)|boîte.{0,20}pleine|buz[oó]n.{0,20}lleno|caixa.{0,30}(?:cheia|lotada)",
    r"\bquota\b.{0,20}\b(?:exceeded|violation)|overquota|mailfolder is full|mailbox exceeds",
    r"(?:cota|quota|cuota)(?: \S+){0,5} (?:excedid|esgotad|superad|atingid|cheia)|\blotad[ao]\b|sin espacio"
    r"|sem espaço",
    r"postfach.{0,20}voll\b|casella.{0,20}piena",
)
# About the sender's address or domain: "does not exist" then concerns the sender.
_SENDER = _any_of(
    r"sender(?:'s)?(?: e-?mail)?(?: address| domain)?(?: \S+)? (?:rejected|denied|refused|not (?:valid|allowed"
    r"|found))",
    r"(?:domain|address) of (?:the )?sender|sending (?:domain|address)|sender domain|sender(?:'s)? address domain",
    r"\bfrom:? (?:header|domain|address)|header.?from|my name was rejected|unauthenticated sender",
    r"(?:remetente|remitente|exp[ée]diteur|absender)(?: \S+){0,4} (?:n[aã]o|no|non|nicht|inv[aá]lid|inexist|rejeitad"
    r"|rechazad|recusad|bloquead|refus|abgelehnt)",
)
# Answers about the sender, with the fault. The first match counts.
_SENDER_FAULTS: tuple[tuple[SenderFault, re.Pattern[str]], ...] = (
    (
        SenderFault.AUTHENTICATION,
        _any_of(
            r"\bDMARC\b|\bDKIM\b",
            r"\bSPF\b(?!\w)|authentication level|autentica[cç][aã]o|autenticaci[oó]n|authentification",
            r"(?:un|not )authenticated|authentication (?:checks?|results?|information|failed|failure)",
            r"sender policy framework|does not pass.{0,30}(?:check|auth)|domain.?keys",
            r"(?:sender|from).{0,40}(?:verification|verify) fail|sender address verification",
        ),
    ),
    (
        SenderFault.REVERSE_DNS,
        _any_of(
            r"\bPTR\b|reverse (?:dns|lookup|hostname|address|mapping)|\br?DNS (?:entry|record|lookup)|\brDNS\b",
            r"(?:cannot|can't|could not|unable to) (?:find|resolve|get)(?: \S+){0,4} (?:hostname|your (?:host"
            r"|ip|address))",
            r"(?:client|your) (?:host|hostname|address|ip)(?: \S+){0,3} (?:cannot be|could not be"
            r"|not) (?:resolved|found)",
            r"invalid (?:HELO|EHLO)|HELO command rejected|\bEHLO\b.{0,40}(?:invalid|reject|name)"
            r"|need fully.?qualified",
            r"mismatch\w* client ip|name lookup failed|fix reverse|no (?:matching )?reverse|generic (?:hostname"
            r"|ptr)|dynamic (?:ip|host|pool)",
        ),
    ),
    (
        SenderFault.RELAY,
        _any_of(
            r"relay(?:ing)?(?: \S+){0,3} (?:denied|prohibited|not (?:permitted|allowed)|rejected|disallowed|refused)",
            r"(?:unable|not permitted|not allowed|refuse[sd]?|deny|denied)(?: \S+){0,3} relay|no relaying"
            r"|we do not relay",
            r"relay access denied|not (?:a|an) (?:open )?relay|relay not permitted|prohibited relay",
            r"rcpthosts|sender (?:address )?(?:rejected|denied|refused)|not a valid sender"
            r"|sender.{0,20}not (?:allowed|authori)",
            r"(?:must|need to|should) (?:authenticate|log ?in|check for new mail)|authentication (?:is )?required",
            r"sendasdenied|credentials for relay|smtp relay service|insecure mail relay|invalid sender"
            r"|mail from .{0,60}(?:not allowed|refused|rejected)"
            r"|sender domain|not verified",
        ),
    ),
    (
        SenderFault.RATE,
        _any_of(
            r"too (?:many|much|fast|frequent)(?: \S+){0,3}(?: mail| message| connection| recipient| concurrent"
            r"| error| invalid)",
            r"(?:rate|connection|sending|hourly|daily|message) (?:limit|rate)|rate.?limit|throttl|too many(?! hops)",
            r"frequency limited|rate control|bounce attack",
            r"limite(?: \S+){0,3} de (?:envio|env[ií]o|mensage|mensaje|conex)|(?:muit|demasiad)[ao]s (?:mensage"
            r"|mensaje|conex"
            r"|destinat)|trop de (?:messages|connexions|destinataires)|zu viele",
            r"excessive(?:ly)? (?:rate|volume|connection|unknown)|temporarily deferred"
            r"|receiving mail (?:at a rate|too quickly)",
            r"exceed\w* (?:the |your )?(?:\w+ )?(?:rate|maximum (?:number|rate)|number of|connection"
            r"|limit of recipients)",
            r"unusual (?:rate|sending|traffic)|slow down|sending (?:too )?(?:fast|quota)",
        ),
    ),
    (
        SenderFault.BLOCKED,
        _any_of(
            r"black ?-?list|block ?-?list|deny ?-?list|\b[DR]N?[SB]{1,2}L\b|\bRBL\b|DNSBL|spamhaus|spamcop"
            r"|barracudacentral",
            r"\b(?:zen|sbl|xbl|pbl|cbl|dul|sorbs|njabl|uceprotect|senderscore|senderbase|abuseat|invaluement"
            r"|cloudmark|trustedsource)\b",
            r"(?:ip|client|host|address|network|server|connections? from|sender|domain|you)(?: \S+){0,6} "
            r"(?:is |are |has been |have been |was |been )(?:\w+ )?(?:block|ban|listed|refused|rejected|denied)",
            r"block(?:ed|ing)?(?: \S+){0,4} (?:ip|address|host|network|list|using|by)|banned|poor reputation"
            r"|bad reputation|low reputation",
            r"reputation|listed (?:in|at|on|by)|client host.{0,80}(?:blocked|rejected)|refused (?:by|due)"
            r"|(?<!rejected: )access denied",
            r"(?:(?:mail|message|email)s? (?:from .{0,80} )?|connect(?:ion)?s? from .{0,80} )(?:refused|blocked"
            r"|not accepted|rejected due)|connections? (?:not accepted|blocked|rejected due)"
            r"|messages from \S+ weren't sent",
            r"lista (?:negra|de bloqueio)|(?:\bip\b|endere[cç]o|host|servidor"
            r"|dom[ií]nio)(?: \S+){0,4} (?:bloquead|banid"
            r"|barrad)",
            r"service (?:unavailable|refused).{0,20}(?:client|host|\[)|your (?:ip|host|mail ?server|network"
            r"|provider)",
            r"(?:do not|not) accept(?:ing)? (?:mail|e-?mail|messages|connections)s?(?: \w+){0,2} from",
            r"(?:host|network)(?: \S+){0,2} not allowed|not accepting connections|\(BL\)|denied by policy"
            r"|protocol violation",
            r"invalid ip for sending|permission to post|groups\.google\.com|bad sender|bad DNS"
            r"|connection dropped due|dropped.{0,30}socket|go away|no thank",
        ),
    ),
    (
        SenderFault.CONTENT,
        _any_of(
            r"\bspam(?!cop|haus)|\bUBE\b|\bUCE\b|unsolicited|\bbulk\b|\bjunk\b|phish|virus|malware|worm|trojan"
            r"|infected|dangerous",
            r"(?:message|mail|content|header|subject|attachment|body|text)s?(?: (?!connection)\S+){0,5} "
            r"(?:rejected|refused|denied|not accepted|blocked|filter\w*|prohibited|not allowed|forbidden|violat\w*)",
            r"content filter|headers? (?:check|are|is)|not (?:rfc|RFC)|rfc[ -]?2?822(?!;)|5322|mime error"
            r"|illegal attachment|bare (?:lf|cr)",
            r"suspicious|undesirable|objectionable|profan|bayes|policy reasons",
            r"(?:mensagem|mensaje|conte[uú]do|contenido)(?: \S+){0,4} (?:rejeitad|rechazad|recusad|bloquead)",
        ),
    ),
    (
        SenderFault.SIZE,
        _any_of(
            r"(?:message|mail|size|e-?mail|data|content|it)(?: \S+){0,6} (?:too (?:big|large)"
            r"|exceeds?(?: \S+){0,5} (?:size|limit|maxim\w+))",
            r"too (?:big|large)|size (?:limit|exceed|of the message)|max(?:imum)? (?:message )?size"
            r"|exceeds? (?:the )?(?:fixed )?(?:max|size)|(?:tamanho|tama[nñ]o) m[aá]ximo|mensagem muito grande",
        ),
    ),
    (SenderFault.POLICY, _any_of(r"administrative(?:ly)? prohibit|denied \(mode|\bpolic(?:y|ies)\b|\bpol[ií]tica\b")),
)
# Transient, or about the server: says nothing of the recipient.
_TRANSIENT = _any_of(
    r"try again|temporar(?:y|ily)|tempor[aá]ri|timed? ?out|grey-?list|unverified address|verification in progress",
    r"(?:message|delivery|queue\w*|period)(?: \S+){0,3} expired|in the queue too long|could not be delivered for \d+",
    r"connection (?:was |has been )?(?:refused|reset|closed|lost|dropped)|not reachable|unreachable|no route to host",
    r"loops? back|(?:mail|message|routing|possible) loop|(?:too many|maximum) hops|hop count|not responding",
    r"(?:cannot|could not|couldn't|unable to) connect|not able to establish|wasn't able to establish|find a gateway",
    r"(?:not offered|not (?:support|offer|advertise)).{0,20}TLS|TLS.{0,30}not offered|system (?:busy|error)|storedrv",
    r"lookup failure(?!: host \S+ not found)|couldn't create|mailer (?:error|failed)|resources? (?:temporarily"
    r"|restricted)",
)
_PERMANENT = re.compile(r"(?<![\d.])5(?:\d\d(?=[ -])|\.\d{1,3}\.\d)")
_RECIPIENT = (
    r"(?:user|account|mail ?box|recipient|address|addressee|alias|person|destinatari\w+|usu[aá]rio|customer"
    r"|subscriber"
    r"|member|name)"
)
# The recipient's address does not exist.
_UNKNOWN_RECIPIENT = _any_of(
    _RECIPIENT
    + r"(?: \S+){0,6}? (?:is |was |has |does |do |could |can ?)?(?:be |been )?(?:unknown|invalid|un?available"
    r"|inactive|"
    r"disabled|deactivated|suspended|closed|terminated|expired|not (?:found|exist|known|listed|valid|available"
    r"|active|"
    r"recogni[sz]ed|present|unique|a known|our customer|registered|here|hosted)|n't (?:exist|have|found))",
    r"(?:unknown|invalid|no such|non-?existent|bad|nonexisting|inactive|undeliverable|not a valid|incorrect|illegal|"
    r"unrouteable|unroutable|dead|unresolvable|disabled|no) (?:local |final delivery )?(?:user|recipient"
    r"|account|address|mail ?box|mailbox|"
    r"destination|person|alias|addressee|domain|host|e-?mail(?: address)|subscriber|customer|userid)",
    r"(?:does not|doesn'?t|did not|do not) (?:exist|match (?:any )?recipient|like recipient)|not our customer"
    r"|no mail ?box here|(?:does not|doesn'?t) have an? (?:\S+ )?(?:account|mail ?box)",
    r"(?:can(?:not|'t)|could ?n(?:o|')t|unable to|not able to) (?:be )?(?:find|found|locate|resolve"
    r"|look ?up)(?: \S+){0,6} "
    r"(?:user|recipient|account|mail ?box|address|alias|person|domain|host|name)",
    r"(?:mailbox|user|account) unavailable|mailbox (?:not|is not|currently)"
    r"|not in (?:the )?(?:domino )?directory|no one",
    r"recipient address rejected: (?:access denied|undeliverable|user|unknown|no such|mailbox)|no valid recipients?",
    r"(?:^|[\s#.\d>:])address rejected[\s.]*(?:\(in reply to rcpt.*)?$",
    r"recipient (?:rejected|not |unknown|reject)|user reject|recipnotfound|resolver\.adr|unknown user"
    r"|user unknown|unrouteable",
    r"(?:host|domain|name|mx|dns|hostname)(?: \S+){0,5} (?:not (?:found|exist|known|resolve\w*)|unknown|no such"
    r"|nxdomain"
    r"|does not (?:exist|resolve|accept)|lookup fail)",
    r"name or service not known|no (?:mx|such) (?:record|host|domain|name|people|person|user|address)|nxdomain"
    r"|badhost|bad host",
    _RECIPIENT + r"(?: \S+){0,3} (?:has|have|had) (?:been )?(?:moved|changed|left|discontinued|closed|deleted|removed)",
    r"no longer|not accept mail|null ?mx|nullmx|no smtp service|requested action not taken: mailbox unavailable",
    r"(?:not|n't) a (?:valid|known|registered|local) (?:user|account|address|mailbox|e-?mail)|unlisted|not listed in",
    r"no existe|n[aã]o existe|inexistente|desconhecid|desconocid|inconnu|unbekannt|existiert nicht|n'existe pas",
    r"(?:usu[aá]rio|conta|cuenta|destinat[aá]rio|caixa|buz[oó]n|endere[cç]o|direcci[oó]n)(?: \S+){0,4} (?:desativad"
    r"|desactivad|inv[aá]lid|cancelad|removid|suspens|n[aã]o (?:foi )?(?:encontrad|localizad|cadastrad)"
    r"|no (?:se )?encontr)",
    r"(?:account|mailbox|address)(?: \S+){0,3} (?:disabled|inactive|discontinued|deleted|closed|suspended|locked)",
)
# Faults whose words also occur for recipients: ignored where the recipient is clearly unknown.
_AMBIGUOUS_FAULTS = frozenset(
    {
        SenderFault.BLOCKED,
        SenderFault.CONTENT,
        SenderFault.POLICY,
        SenderFault.RATE,
        SenderFault.RELAY,
        SenderFault.REVERSE_DNS,
    }
)
_CLEARLY_UNKNOWN = _any_of(
    r"user unknown|unknown (?:or illegal )?(?:user|recipient|local|address|account)",
    r"no such (?:user|recipient|mailbox|person|address|account)|not listed in|no mailbox here",
    r"(?:user|account|mailbox|recipient|address)(?: \S+){0,3} (?:does not exist|doesn'?t exist|not found"
    r"|unknown|not exist)",
    r"host \S+ not found|invalid (?:recipient|mailbox|user)|doesn'?t have an?|unrouteable",
    r"recipient address rejected: access denied|見つかりません|存在しません|リストにありません",
)
# A text that also mentions blocklists where the name cannot be found.
_MAY_NOT_EXIST = _any_of(r"account or domain may not exist")
# A blocklist is named: the sender is meant, whatever else the text says.
_BLOCKLIST_NAMED = _any_of(r"black ?-?list|block ?-?list|deny ?-?list|spamhaus|\bRBL\b|DNSBL")
# Exim, Postfix and Sendmail name the refused step: before RCPT it concerns the sender, at DATA this mail.
_BEFORE_RECIPIENT = _any_of(
    r"after (?:initial connection|(?:pipelined )?(?:mail from|ehlo|helo))",
    r"in reply to (?:mail from|ehlo|helo)|refused to talk to me|initial greeting",
)
_AT_CONTENT = _any_of(r"after (?:end of data|data\b|pipelined data)", r"in reply to (?:end of )?data")
# A refusal without a reason is no evidence against a recipient.
_NO_REASON = _any_of(
    r"^\W*(?:smtp;)?\W*(?:5\d\d)?\W*(?:5\.\d+\.\d+)?\W*(?:message )?(?:rejected|denied|refused|blocked"
    r"|access denied)\W*$"
)
# A relay's (IronPort, Amazon) name for a class of codes, before the text of the next server.
_RELAY_HEADING = _any_of(
    r"(?:unknown address error|bad destination mailbox address|other address status|delivery not authorized)"
    r"(?= '?[45]\d\d[ -])"
)
_FULL_CODES = frozenset({"5.2.2", "4.2.2"})
# RFC 3463 and RFC 7505: no such mailbox, domain, address, moved away, a domain without mail, shut.
_UNKNOWN_RECIPIENT_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1", "5.4.310"})
_SENDER_FAULT_CODES = {
    "5.1.7": SenderFault.RELAY,
    "5.1.8": SenderFault.RELAY,
    "5.2.3": SenderFault.SIZE,
    "5.3.4": SenderFault.SIZE,
    "5.7.20": SenderFault.AUTHENTICATION,
    "5.7.21": SenderFault.AUTHENTICATION,
    "5.7.22": SenderFault.AUTHENTICATION,
    "5.7.23": SenderFault.AUTHENTICATION,
    "5.7.24": SenderFault.AUTHENTICATION,
    "5.7.25": SenderFault.REVERSE_DNS,
    "5.7.26": SenderFault.AUTHENTICATION,
    "5.7.27": SenderFault.REVERSE_DNS,
    "5.7.28": SenderFault.RATE,
    "5.7.30": SenderFault.AUTHENTICATION,
}


def verdict_of(status: str, text: str) -> Verdict:
    """Classify a final failure. `status`: RFC 3463's code, or empty; `text`: of the server."""
    words = _RELAY_HEADING.sub("", " ".join(text[:_MAX_LENGTH].split()))
    return (
        _overriding_verdict(status, words)
        or _sender_verdict(status, words)
        or _transient_verdict(status, words)
        or _recipient_verdict(status, words)
        or _default_verdict(status, words)
    )


def _overriding_verdict(status: str, words: str) -> Verdict | None:
    """Matches that override all others."""
    if _OUR_QUOTA.search(words):
        return Verdict(ours=SenderFault.RATE, plain=True)
    if _FULL.search(words) or status in _FULL_CODES:
        return Verdict(reader=BounceKind.SOFT, plain=True)
    return Verdict(reader=BounceKind.HARD, plain=True) if _MAY_NOT_EXIST.search(words) else None


def _sender_verdict(status: str, words: str) -> Verdict | None:
    if _BLOCKLIST_NAMED.search(words):
        return Verdict(ours=SenderFault.BLOCKED, plain=True)
    if _SENDER.search(words):
        fault = SenderFault.AUTHENTICATION if _SENDER_FAULTS[0][1].search(words) else SenderFault.RELAY
        return Verdict(ours=fault, plain=True)
    reader = _CLEARLY_UNKNOWN.search(words) is not None
    for fault, pattern in _SENDER_FAULTS:
        if pattern.search(words) and not (reader and fault in _AMBIGUOUS_FAULTS):
            return Verdict(ours=fault, plain=True)
    if _BEFORE_RECIPIENT.search(words):
        return Verdict(ours=SenderFault.BLOCKED, plain=True)
    if status in _SENDER_FAULT_CODES or status.startswith("5.6."):
        return Verdict(ours=_SENDER_FAULT_CODES.get(status, SenderFault.CONTENT))
    return None


def _transient_verdict(status: str, words: str) -> Verdict | None:
    """A transient failure that lasted until the mail expired: the recipient may exist. A clear text outweighs a
    transient code; with a permanent code, it outweighs transient wording.
    """
    for_now = status.startswith("4.") and not _PERMANENT.search(words)
    transient = _TRANSIENT.search(words)
    if _CLEARLY_UNKNOWN.search(words) and (not transient or _PERMANENT.search(words)):
        return None
    return Verdict(reader=BounceKind.SOFT, plain=bool(transient)) if for_now or transient else None


def _recipient_verdict(status: str, words: str) -> Verdict | None:
    if _CLEARLY_UNKNOWN.search(words) or _UNKNOWN_RECIPIENT.search(words):
        return Verdict(reader=BounceKind.HARD, plain=True)
    return Verdict(reader=BounceKind.HARD) if status in _UNKNOWN_RECIPIENT_CODES else None


def _default_verdict(status: str, words: str) -> Verdict:
    if _AT_CONTENT.search(words):
        return Verdict(ours=SenderFault.CONTENT, plain=True)
    if status.startswith("5.7.") or _NO_REASON.search(words):
        return Verdict(ours=SenderFault.POLICY)
    return Verdict() if status.startswith("2.") else Verdict(reader=BounceKind.SOFT)
