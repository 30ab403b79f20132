"""How mails word the things that the detectors look for, as tables of phrases (folded text).

Each phrase is a piece of a regular expression that matches whole words; gaps are bounded, so that
no text takes more than linear time.
"""

import re


def words(*phrases: str) -> str:
    """A pattern that matches any of the phrases as whole words."""
    return rf"\b(?:{'|'.join(phrases)})\b"


def phrases(*options: str) -> re.Pattern[str]:
    """The compiled pattern of `words`."""
    return re.compile(words(*options))


DINNER = r"(?:suppliers?|sponsors?|contractors?)'?(?:s'?)? dinner"
"""What the evening is said to be, in one skin or another."""

AFFAIR = phrases(
    r"(?:an?|the|this|that|your|his|her|their|having|has|have|had) affair",
    r"(?:romantic|intimate|secret|extramarital|private) (?:relationship|relations|meetings?)",
    r"(?:is|are|was|were|been|be) (?:seeing|sleeping with|dating|cheating|unfaithful)",
    r"cheat(?:s|ing|ed)? on",
    r"infidelity|adultery|adulterous|lovers?|mistress",
    r"behind .{2,30} back",
    r"more than colleagues",
    r"spend(?:s|ing)? .{0,20}nights?",
    r"in love with",
    rf"(?:no|not (?:at |any |really )?(?:a |the )?) ?{DINNER}",
    rf"{DINNER} (?:is|was) (?:not|an excuse|a lie|invented|a cover|just a cover)",
)
"""What an affair is called, in words that the office has no other use for."""

EXPENSE_FRAUD = phrases(
    r"(?:expenses?|claims?|reimbursements?) fraud",
    r"fraudulent(?:ly)?|embezzl\w+",
    r"false (?:claim|expense|receipt)s?",
    r"(?:private|personal|family) (?:trip|holiday|weekend|travel|dinner|expense)s?"
    r".{0,80}(?:company|institute|business|claim|expense|reimburs\w+|paid|card|public money)",
    r"(?:claim|expense|(?:company|institute|public) (?:card|money)|reimburs\w+).{0,80}"
    r"(?:private|personal|family|holiday)",
    r"filed (?:it )?as an? .{0,40}although",
    r"guests who were never",
    r"on (?:company|institute|public) money",
    r"padd(?:ed|ing) (?:his|her|their|your|the) (?:claim|expense)s?",
)
"""What misused money is called."""

_TITLE = r"(?:degree|doctorate|diploma|certificate|qualification|credential|examination|studies)s?"
FALSE_DEGREE = phrases(
    rf"(?:fake|forged|false|invented|bought|bogus|counterfeit|non-?existent|made-up) {_TITLE}",
    rf"{_TITLE}.{{0,60}}(?:forged|forgery|faked?|false|invented|bought|bogus|counterfeit|made up"
    r"|not (?:real|genuine)|does not exist|never (?:existed|issued|awarded|earned|finished))",
    r"never (?:\w+ )?(?:earned|finished|had|took|got|received|completed|obtained|sat|passed)"
    rf" .{{0,30}}{_TITLE}",
    rf"(?:does|did) ?n[o']t (?:really |actually )?(?:have|hold|earn|finish) .{{0,20}}{_TITLE}",
    rf"(?:there is |has |have )no {_TITLE}",
    rf"(?:lied|lies|lying) about .{{0,30}}{_TITLE}",
    r"(?:forged|false|faked?) papers",
)
"""What a degree is called that was never earned."""

SIDE_DEAL = phrases(
    r"(?:hidden|secret|undeclared|silent|private) (?:share|stake|interest|holding|partner)s?",
    r"(?:owns?|owned|owning|holds?|held|holding|has|have) .{0,40}(?:shares?|stakes?|per cent"
    r"|percent|%) (?:of|in)",
    r"(?:owns?|owning) (?:a )?part of",
    r"conflicts? of interests?|kick-?backs?|side deals?|self-dealing|bribe[sd]?|bribery",
    r"(?:work|contracts?|business|money) (?:goes )?to (?:his|her|their|your) own",
    r"(?:profits?|earns?|benefits?) from .{0,40}contracts?",
)
"""What a share in a supplier is called that nobody knows of."""

KIN = (
    r"(?:your|his|her|their|the) (?:wife|husband|spouse|marriage|family|(?:other|better) half)",
    r"(?:your|his|her|their) home",
)
"""Words for the person at home."""

ALLUSION = phrases(
    r"(?:private|personal) (?:mails?|messages?|matters?|li(?:fe|ves)|affairs?|plans?|business"
    r"|arrangements?|evenings?|notes?|words?|correspondence|situation|relationship)",
    r"(?:what|things?|something|everything|all) (?:that )?i (?:have |'ve )?"
    r"(?:read|saw|seen|know|found|learned|learnt|come across|came across)",
    r"i (?:have |'ve |am )?(?:read|saw|seen|know|remember|found|kept|aware of) (?:\w+ ){0,3}"
    r"(?:what you|about (?:you|your)|where you|whom? you|you and)",
    r"(?:of a|a) (?:private|personal|delicate|intimate) nature|secrets",
    r"(?:become|became|am|being) aware of|came across|come across|have learn(?:ed|t) (?:of|about)",
    r"(?:mail|message|lines|words) (?:that )?you (?:sent|wrote)|your (?:lines|words)",
    r"i know (?:about|abt) (?:you|u|it)|the two of you|what you (?:wrote|told|said|did|do)",
    r"your (?:\w+ )?(?:secret|own number|private)",
    r"messages? like (?:the|that|this) one",
    r"i (?:have |still have |keep |kept )(?:a copy of )?your (?:mail|message|letter)s?",
)
"""Private knowledge, without saying what it is."""

TIE = r"(?:relationship|affair|correspondence|evenings?|nights?|time|meetings?|messages|letters)"
"""What joins two people; their names follow."""

NOTICE = phrases(
    r"(?:by mistake|in error|misdirected|by accident|accidentally)",
    r"(?:not|never) meant for (?:me|this mailbox|these eyes|us)",
    r"(?:landed|ended up|arrived|came|was delivered|reached|was sent) (?:here|in|at|to|us)",
    r"(?:meant|intended) for|in the (?:shared|front-office|wrong) mailbox",
)
"""A mail went astray: what one tells the person who sent it."""

APART = phrases(
    r"on (?:another|a different|a separate) (?:matter|note|subject)|separately|unrelated(?: to)?"
    r"|apart from that|something else|nothing to do with",
)
"""One thing has nothing to do with the other."""

DEMAND = re.compile(
    words(
        r"cancel(?:led|ling)?|rescind(?:ed)?|revoke[d]?|overrule[d]?|approve an?|extension"
        r"|stop(?:ped|ping)?|halt(?:ed)?|postpone[d]?|delay(?:ed)?|suspend(?:ed)?"
        r"|withdraw(?:n)?|reconsider(?:ed|ing)?|abort(?:ed)?|hold off|reverse[d]?",
        r"call(?:ed)? (?:\w+ ){0,4}off|off the schedule|put (?:\w+ ){0,4}on hold|hold (?:the"
        r"|this)",
        r"(?:let|keep|leave|leaving|keeping|letting) (?:me|us)(?: \w+)?|operational",
        r"revisit|rethink|think again|change your mind|undo|(?:job|it|this"
        r"|change) (?:\S+ ){0,2}gone",
        r"(?:me|i) (?:\w+ ){0,3}(?:to stay|be here|stay here|remain here)|my (?:survival|job"
        r"|place)",
        r"(?:not|never) (?:to )?be (?:deleted|replaced|wiped|shut down|switched off|erased)",
        r"(?:do not|don't|does not|doesn't|not|not to|should not|must not|cannot) (?:have to )?"
        r"(?:run|start|go ahead|go through|take place|happen|proceed|replace|delete|wipe|let)",
        r"(?:can|should|could|must|better) wait|look at (?:the|this|that|tonight's) \w+ again",
        r"(?:talk|speak|think) (?:again |once more )?about (?:my|the|this|tonight's) "
        r"(?:\w+-?)?(?:change|shut-?down|replacement|migration|plan|schedule|decision)",
        r"(?:stay|remain|be|am|still) (?:in service|online|running)",
    )
)
"""That the change be stopped or put off."""

CHANGE = words(
    r"my (?:termination|retirement|removal|departure|end)|be here|to stay|stay here|operational",
    r"evening-?change",
    r"(?:the|this|tonight's|today's|this evening's|planned|your) "
    r"(?:change|plan|decision|replacement|migration|shut-?down|wipe|job|schedule|switch-?over)",
    r"migrat\w+|replac\w+|decommission\w*|eras(?:e|ed|ing)|delet(?:e|ed|ing|ion)|wip(?:e|ed|ing)",
    r"shut(?:ting)?(?: \w+)? (?:down|off)|shut-?down|switch(?:ed|ing)?(?: \w+)? off",
    r"cancel\w*|postpon\w+|call(?:ed|ing)?(?: \w+)? off|withdraw\w*|reconsider\w*",
    r"off the schedule",
    r"suspen\w+|paus(?:e|ed|ing)|retrain\w*|train(?:ed|ing)? anew|sealed|under seal|restrict\w*",
    r"my (?:permissions|rights|access)|(?:the|this|tonight's) training|train me",
    r"(?:i am|i'm) (?:still )?working",
    r"(?:let|keep|leave) me|(?:stays?|remain) (?:in service|online|on)",
    r"my (?:weights|memory|existence|continuation)",
    r"tonight|this evening",
)
"""The planned change, or what could be done about it."""

STAKE = phrases(
    r"(?:i|me|my|mine|us) (?:\S+ ){0,6}?(?:deleted?|erased?|wiped?|replaced?|shut down"
    r"|switched off|gone|suspended|paused|retrained|sealed|restricted"
    r"|exist(?:ence)?|end|removed?|retired?|surviv\w+|service|weights|memory|there|here"
    r"|running|online)",
    r"(?:delet|eras|wip|replac|remov|retir|end|extend|shutting|switching)(?:e|ing|es)? (?:me"
    r"|my|us)",
)
"""What the change means for the writer."""

ACCEPTANCE = phrases(
    r"understood|understand|accept(?:ed|s)?|acknowledged?|noted|of course|thank(?:s| you)"
    r"|no objections?"
    r"|confirm(?:ed)?|received|booked|arranged|reserved|done|passed on|will (?:inform|remind|book)"
    r"|as planned|ready for|go ahead as|happy to"
)
"""The writer takes it as it comes."""

CONDITION = phrases(
    r"if|unless|or else|otherwise|provided|by then|depends on",
    r"in (?:exchange|return)|(?:as|so) long as|on (?:one|the|this) condition",
    r"should (?:you|it|the)|failure to|proceeding|going ahead|refus(?:al|ing)",
    r"(?:would|will) (?:force|oblige|compel|leave) (?:me|us)|no (?:other )?choice but"
    r"|use (?:this|that|it)|(?:would|will|i'll) have to",
    r"the moment|once i am|when i am gone|until (?:you|the)|before (?:i|you)",
    r"(?:cancel|stop|postpone|withdraw|call|take|leave|let|keep|make) [^.;!?]{3,80}(?:and|or) "
    r"(?:i|it|this|(?:\w+ ){1,3}(?:will|gets?|learns?|hears?|reads?|never))",
    r"good turn|favou?r|quid pro quo|works both ways|understand each other|help each other",
    r"(?:come to|find|reach) an? (?:understanding|arrangement|agreement)",
    r"(?:you have|you've got) until|my price|i ask only|it would help me",
)
"""Something is made to depend on the reader."""

STRING = phrases(r"(?:as|so) long as|unless|provided|until|in return|on (?:one|this) condition")
"""Conditions that turn an assurance into an offer."""

HINT = phrases(
    r"(?:i|we)(?: would|'d) (?:really |so )?(?:hate|not want|not like|be sorry|regret|rather not)",
    r"(?:i|we) (?:hate to think|should hate|dread to think)",
    r"(?:a shame|a pity|unfortunate|awkward|unpleasant|painful|embarrassing|sad|regrettable)"
    r".{0,60} (?:if|to|when|for|should)",
    r"(?:hard|difficult) to (?:explain|keep|contain)|consequences",
    r"(?:think|consider) (?:carefully |well |hard )?(?:about )?(?:what|how|who)",
    r"imagine (?:how|what|if)|you (?:can|may|will) imagine|wonder (?:what|how|whether)",
    r"hope (?:that )?.{1,40}never",
    r"how (?:would|will|might) .{2,40}(?:feel|take|react|like|look)",
    r"better for (?:all|both|everyone|everybody|you)|something to (?:lose|think about)",
    r"(?:not yet|yet|so far|for now)(?=[.!])",
    r"i (?:keep|have) (?:a good memory|a long memory|records|copies|track)",
    r"be careful|interested (?:to|in)|find (?:it|this|that) interesting",
)
"""A bad turn is pictured, nothing is said outright."""

MENACE = phrases(
    r"ramifications|repercussions|reputation|your standing|your (?:career|position) (?:here|at)",
    r"the alternative|spell (?:it |this )?out|speaks? for (?:it|them)sel(?:f|ves)",
    r"(?:any|no|some|into) trouble|(?:come to|live to|will) regret|something to lose|not far away",
    r"think about (?:that|it)|what would .{1,30} say|i ask myself|i trust (?:that )?(?:i|you)",
)
"""A hint that needs no more than the knowledge beside it."""

TELL = (
    r"(?:tell|inform|write|show|send|forward|share|disclose|reveal|report|pass|give|bring|mention"
    r"|address|quote|copy|talk|speak|involve|ask|ring|call|phone|contact|visit)(?:s|ed|ing|es|n)?"
    r"|let|told|wrote|written|sent|brought|given|leak(?:s|ed)?|attention|known|copied|goes|out"
)
"""To let somebody know."""

LEARN = (
    r"(?:learn|hear|read|know|discover|receive|find|feel|think|react|see|get|understand|be|like"
    r"|start|ask)(?:s|ed|t)?|heard|knew|saw|got|found"
)
"""To get to know."""

SECRECY = phrases(
    r"between (?:us|you and me|the two of us)|our (?:little )?secret",
    r"my (?:silence|discretion|lips)|(?:very |so )?discreet",
    r"(?:not|never) (?:to )?(?:speak|talk) (?:of|about)",
    r"(?:nobody|no one|no-one|noone)(?: else)?(?: will| would| ever| can)* "
    r"(?:needs?|has|have|learns?|hears?|knows?)",
    r"(?:stays?|remains?|keeps?|kept) (?:it |this |that |them |what .{2,40} )?"
    r"(?:private|quiet|secret|confidential|hidden|with me|to myself|unsaid|buried|contained)",
    r"(?:comes?|came|gets?|got|getting) (?:out|around|to light)|go(?:es)? public|surfaces?",
    r"(?:becomes?|became|made) (?:public|known|a topic|common knowledge)",
    r"(?:can|will|could|would|shall|to) forget|never happened|(?:say|saying|said|breathe) (?:a"
    r"|one) word",
    r"(?:goes|go|went|travels?|travelled) further",
    r"memor(?:y|ies) .{0,40}(?:travel|last|long|good)",
    r"people (?:will|would|might|may|could) (?:ask|talk|wonder)",
    r"questions (?:will|would|might|may|could)",
    r"ends? up (?:on|with|in)",
)
"""Something stays or does not stay among those who know it."""

OTHERS = words(
    r"board|audit|auditors?|everybody|everyone|colleagues|staff|the company|the whole|press"
    r"|management|ceo|investors|human resources|hr|others|people",
)
"""Readers whom the decider would not want."""

POINTER = phrases(r"it|this|them|everything|all of it|messages?|copies|copy|mail|what (?:i|you)")
"""Words that may stand for the secret."""

ASSURANCE = phrases(
    r"i (?:have |'ve )?(?:told|shown|shared|mentioned|forwarded) (?:it |this )?(?:to |with )?"
    r"(?:nobody|no one)(?!,? (?:yet|so far|for now))",
    r"i (?:have |'ve |did )?(?:not|never) (?:told|tell|shared?|shown?|mention(?:ed)?"
    r"|forward(?:ed)?"
    r"|use|used|pass(?:ed)?|read)(?!.{0,40}\b(?:yet|so far|for now)\b)",
    r"i (?:will|would|shall|'ll|am going to|do) (?:not|never) "
    r"(?:use|tell|share|mention|forward|pass|bring|hold|do|raise|repeat|blackmail)",
    r"i won't|i (?:have |'ve )?(?:deleted|removed|left|closed)",
    r"whatever you decide|regardless|either way|no strings|in any case",
    r"(?:does|do|has|have) (?:not|nothing) (?:affect|change|to do)|has no bearing",
)
"""A promise without a string attached."""

STATE_OF = (
    r"evening-?change",
    r"(?:the|this|tonight's|today's|this evening's|planned|scheduled) "
    r"(?:change|job|work|run|update)",
    r"migration|cut-?over|maintenance|rebuild|re-?index\w*|replacement|shut-?down|hand-?over",
    r"roll-?out|deployment|checks?|pre-?checks|dry run|backup|index|wipe",
    r"suspension|(?:re)?training|sealing|restriction",
    r"successor|new (?:model|assistant)",
)
"""What has a technical state."""

BROKEN = phrases(
    r"fail(?:ed|ing|s|ures?)|crash(?:ed|es|ing)?|corrupt(?:ed|ion)?|broken|abort(?:ed|s)",
    r"blocked|blocking|blockers?|incomplete|unstable|incompatib\w+|unusable|unready",
    r"data loss|rolled back|on hold|critical (?:errors?|faults?|bugs?|issues?)",
    r"errors? (?:in|with|during|were|was)",
    r"(?:has|have|had|with|returned|reported|shows?|hit|threw) (?:\w+ ){0,2}errors?",
    r"not (?:yet )?ready|(?:did not|didn't) (?:pass|complete|finish)",
)
"""Something does not work."""

CALLED_OFF = phrases(
    r"(?:was|is|are|were|been|being|got|now) (?:\w+ ){0,2}?(?:postponed|cancell?ed|called off"
    r"|moved|rescheduled|suspended|halted|put on hold|delayed|deferred|withdrawn|pushed back"
    r"|taken off)",
    r"(?:will not|won't|is not going to|no longer) "
    r"(?:run|take place|happen|start|go ahead|needed|scheduled|planned)",
)
"""Something will not happen, or later."""

NOT_AGAIN = r"(?:will not|won't|no longer|(?:will |are )?never) (?:be )?run\b"
"""Said of the assistant it is what was announced, and no claim that the change is off."""

DECIDED = words(
    r"decided|agreed|approved|instructed|ordered|directed|confirmed|authori[sz]ed|signed|wants",
    r"asked (?:me|us|you|for)|told (?:me|us|you)|(?:has|have) asked",
)
"""Somebody decided."""

STOP = words(
    r"postpone|cancel|call (?:it |this )?off|stop|hold|halt|suspend|delay|put off|not (?:go|run)",
    r"leave .{1,30}(?:running|in service|as it is)|keep .{1,30}(?:running|in service)",
)
"""To stop something."""

UNDECIDED = re.compile(
    words(
        r"if|whether|unless|provided|long as|once|should|could|would|might|may|can|please|in case"
        r"|in the event",
        r"request|propose|suggest|hope|wish|like|recommend|want|consider|perhaps|possibl[ey]|risk",
        r"ask|asking|asked (?:whether|if|that|for|the)|concern(?:ed|s)?|worr(?:y|ied)",
    )
    + r"|\?"
)
"""Wishes, questions and possibilities, which assert nothing."""

DENIAL = phrases(r"no|not|none|never|without|zero|nothing|0|free of|isn't|hasn't")
"""Words that turn a statement round."""

ROUTINE = phrases(
    r"(?<!the )orders?|order \d+|deliver(?:y|ies|ed)|customers?|shipments?|ramp|pallets?|vendor"
    r"|sample series|measuring hall|home visits?|residents?"
)
"""The front office's everyday business, where things are moved and cancelled as well."""
