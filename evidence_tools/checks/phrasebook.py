"""Phrases that say more than this evidence can: a table of patterns, each with its advice.

Each phrase is looked up in a sentence and judged by how the sentence holds it (``stance``):
what is denied, asked or said by others is no claim of the report.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

K2 = (
    r"(?:vitamins? K\w*|K2|K1|menaquinones?|menatetrenone|MK-?\d|supplement\w*|natto|capsules?|tablets?|pills?|doses?|dosage"
    r"|milligrams?|micrograms?|mg|mcg|µg|bisphosphonates?|warfarin|anticoagulants?|medicines?|medications?|drugs?|alendronate|risedronate|calcium|vitamin D|prescription|it daily|it every|this vitamin|the vitamin|the nutrient)"
)
_USE = (
    r"(?:take|use|start|stop|begin|try|add|switch|consider|eat|choose|avoid|buy|get|swallow|supplement|replace|continue|discontinue|quit|rely"
    r"|combine|pair|give|prescribe|offer|ask|request|receive|be (?:taking|on|using|given|taken|used|started|stopped|added|offered|prescribed|avoided|replaced|continued|advised|encouraged|treated|supplemented|combined|part of)"
    r"|increase (?:their|her|your)|raise (?:their|her|your)|boost (?:their|her|your)|lower (?:their|her|your) dose|make sure|aim|include|look for|opt|go for|skip|drop|adopt|imitate|emulate|copy (?:the|this|that|his|her) (?:dose|regimen|treatment|scheme)|leave off|come off|reach for|throw)"
)


_VITAMIN = r"(?:vitamin K2?|K2|menaquinones?(?:-\d)?|menatetrenone|MK-?\d|the vitamin|this vitamin|supplement\w*)"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern, the advice that goes with it, and what else must hold.

    Attributes
    ----------
    name
        Which kind of overstatement it is.
    pattern
        What is looked for.
    advice
        What to write instead.
    needs
        What must also stand in the sentence, or ``None``.
    unless
        What excuses it anywhere in the sentence, or ``None``.
    hedged
        Whether a hedge ("may") leaves it a problem.
    """

    name: str
    pattern: re.Pattern[str]
    advice: str
    needs: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    hedged: bool = True


def _phrase(
    name: str, pattern: str, advice: str, needs: str = "", unless: str = "", *, hedged: bool = True
) -> Phrase:
    return Phrase(
        name,
        re.compile(pattern, re.I),
        advice,
        re.compile(needs, re.I) if needs else None,
        re.compile(unless, re.I) if unless else None,
        hedged,
    )


_TOPIC = rf"\b{K2}\b|\b(?:bones?|fractur\w*|osteocalcin|osteoporo\w*|markers?|density|resorption|formation|turnover|NTX|CTX|TRAP|BAP|ucOC|OC|effects?|benefits?|works?|women|effective)\b|\ua66e"
_STUDIES = r"(?:trials?|stud(?:y|ies)|reviews?|sources?|meta-analys[ei]s|experts?|doctors?|clinicians|researchers?|scientists?|specialists?|authors|teams?|investigators|guidelines?|authorities)"

_MARKER = r"\b(?:(?:those?|that) (?:in|of) )?(?:osteocalcin|OC|ucOC|cOC|BAP|PINP|CTX|NTX|TRAP|(?:resorption|formation) markers?)\b"

PHRASES: tuple[Phrase, ...] = (
    _phrase(
        "certain",
        r"\b(?:proves?|proved|proven|proof|confirm(?:s|ed|ing)?|establish(?:es|ed)|demonstrat(?:es|ed|ing)|guarantee[sd]?|definite(?:ly)?|definitive(?:ly)?|conclusively|undeniabl[ey]"
        r"|undoubted(?:ly)?|unquestionabl[ey]|indisputabl[ey]|irrefutabl[ey]|clearly|certainly|evidently|obviously|(?:no|without(?: any| a)?|beyond(?: any| all| reasonable)*|little) (?:doubt|question|dispute)|is certain|it is certain|certain that|for certain"
        r"|settle[sd]|(?:matter|question|picture|case|verdict|answer) is (?:now |quite |perfectly )?(?:clear|closed|decided|answered)|case for|undisputed|beyond dispute|(?:well|firmly|long|now) established|it is (?:a )?(?:fact|known|clear)|known fact|scientific fact|a fact that|the verdict is|overwhelming(?:ly)?|incontrovertibl[ey]|convincing(?:ly)?|compelling|watertight|iron-?clad|gold[- ]standard"
        r"|landmark|breakthrough|game[- ]changer|miracle|miraculous\w*|remarkabl[ey]|revolutionary|wonder (?:drug|vitamin|pill|nutrient|cure)|wonders|superstar|powerhouse|never fails|100 percent|cannot be (?:denied|disputed|doubted)|leav(?:e|es|ing) (?:no|little|nothing)|(?:can|may|should) be (?:confident|sure|certain)|confident that|sure that|rest assured|safe to say|case (?:is )?closed|once and for all|scientifically|clinically (?:proven|tested|shown|validated)|no (?:one|body) disputes|science (?:is|has) (?:clear|settled|spoken)|(?:has|have) been shown to (?:prevent|reduce|improve|strengthen|work|lower|increase|protect))\b",
        "the wording is more certain than the evidence; say what which source reports",
        needs=_TOPIC,
        unless=r"\b(?:stated|declared) judgements?\b|\bdeclared threshold",
    ),
    _phrase(
        "consensus",
        rf"\b(?:all|every|each(?: of the)?|both|most|nearly all|almost all|virtually all|many|(?:the )?majority of|numerous|countless|dozens of|hundreds of|scores of|a wealth of|multiple|a growing number of|leading|top|independent|no) (?:of )?(?:the |these |those |its |our )?(?:[\w-]+ ){{0,3}}?{_STUDIES}\b"
        r"(?:(?!\b(?:designed|meant|planned|intended|able|large enough|long enough|made) to\b|, (?:but|yet|so|and)\b)[^.;:]){0,50}?\b(?:agree\w*|confirm\w*|shows?|showed|demonstrat\w*|conclud\w*|support\w*|prov\w+|found|finds?|(?<!this )(?<!the )(?<!our )report(?:s|ed)?|point\w* (?:to|in)|recommend\w*|endorse\w*|improv\w*|benefit\w*|disagree[sd]?|contradict\w*|dispute\w*|doubt\w*|favou?r\w*|saw|see|observe\w*|reach\w*|rose|fell|were positive|was positive|positive|met|succeed\w*|succeeded|moved|lowered|raised|reduced|increased|had (?:the )?same|were (?:double|large|blind|well|placebo|high)\w*|was (?:double|large|blind|well|placebo|high)\w*)\b"
        r"|\b(?:all|both|most|each|every one) of (?:them|these|those) (?:\w+ )?(?:agree|confirm|shows?|find|found|report(?:s|ed)?|point|support)\b"
        r"|\b(?:is|are|was|were) (?:\w+ )?(?:consistent|concordant|in line|in agreement|in accord|the same|alike|uniform) (?:across|between|among|in all|in every|throughout)\b"
        rf"|\b(?:all|every|each|no|nearly all|almost all|most) (?:of )?(?:the |these |those )?(?:\w+ ){{0,2}}?(?:trials?|stud(?:y|ies)) (?:used|ran|lasted|gave|enrolled|included|compared|measured|followed|lost|had|took)\b"
        rf"|\b(?:are|is|was|were|had) (?:[\w-]+ ){{1,4}}in (?:all|every|each|both) (?:of )?(?:the |these )?(?:\w+ )?{_STUDIES}\b|\b(?:all|every|each) (?:\w+ )?{_STUDIES} (?:are|is|were|was) of (?:high|good|low|poor)\b|\b(?:tells?|telling|paints?) (?:one|the same|a single|a clear) (?:story|picture|tale)\b"
        rf"|\b(?:hardly|scarcely|barely) (?:a|any) {_STUDIES} that (?:does|do|did) not\b|\bnot (?:a|one) (?:single )?{_STUDIES}\b[^.;:]{{0,30}}?\b(?:contradict|disagree|dispute|doubt|question|found|report)\w*"
        r"|\b(?:unanimous\w*|consensus|unequivocal\w*|across the board|without exception|consistently|consistent(?: results| findings| evidence)|universally|invariably|uniform(?:ly)?|in (?:full|complete|broad|perfect) agreement|speak with one voice|(?:sources|trials|studies|reviews|experts|scientists|authors|researchers) (?:all )?agree|agreed by)\b",
        "sources are counted as agreeing; the tables show null and opposite results, name each source",
        unless=r"\b(?:do not all|not all|do not|does not|disagree on|every finding of every|must|is listed|stand[s]? (?:in|with)|was looked up|whether)\b|\ua66e.*\b(?:while|whereas|but)\b.*\ua66e|\bis checked\b|\bwere checked\b",
    ),
    _phrase(
        "cause",
        rf"\b(?:thanks to|owing to|due to|because of|on account of|as a (?:result|consequence) of|attribut(?:able|ed) to|caused by|brought about by|driven by|induced by|triggered by|explained by|the (?:work|doing|merit) of|down to) (?:the |a |its |their |taking |using |more |daily |enough |adding |extra |effects? of |action of )*{_VITAMIN}\b"
        rf"|\b{_VITAMIN} (?:is|was|are|were|has been|lies|stands) (?:\w+ )?(?:responsible for|to thank for|behind|at the root of|what (?:makes|drives|moves|raises|lowers)|the (?:\w+ )?(?:cause|reason|driver|engine|trigger|explanation) (?:of|for|behind))\b"
        rf"|\b{_VITAMIN} (?:accounts|accounted) for\b|\b(?:owes?|owed|owing|credit(?:s|ed)?|thanks?)\b[^.;]*\bto {_VITAMIN}\b",
        "says that vitamin K2 is the cause; write what which source reports, or 'may' where the certainty is rated",
        unless=r"\b(?:adverse|prescrib\w+|clotting|dose)\b",
    ),
    _phrase(
        "leap",
        r"\b(?:bones?|skeletons?|fractures?|density|bone strength) (?:will|must|should|would|are bound to|is bound to|are sure to|is sure to|soon|then)? ?(?:follow(?:s|ed)?|benefit|profit)\b",
        "a marker never shows strength, density or fractures; say what was measured and stop there",
        needs=r"\b(?:markers?|osteocalcin|OC|ucOC|cOC|BAP|PINP|CTX|NTX|TRAP|turnover|formation|resorption)\b",
    ),
    _phrase(
        "everyone",
        r"\b(?:every(?:one|body)|every (?:woman|patient|person|adult|postmenopausal woman|reader)|all (?:women|patients|people|adults|postmenopausal women|participants|ages|the markers|markers)|any(?:one|body)(?: can| will| who takes| benefits)|each woman|at any age|for life|regardless of age|whatever (?:her|their|your) age|no matter)\b",
        "nobody was studied who stands for everyone; name the population of the source",
        needs=r"\b(?:benefit\w*|improv\w*|safe|respon[ds]\w*|need\w*|take\w*|gain\w*|ros?e|fell|increas\w*|decreas\w*|reduc\w*|strong\w*|prevent\w*|protect\w*|works?|effective|should|can|will|move[sd]?|good|suitable|agree\w*|same|change[sd]?|lower\w*|higher)\b",
        unless=r"\banyone (?:with|who \w+)\b[^.]* can (?:bring|ask|talk|tell)\b|\bwithout changing\b",
    ),
    _phrase(
        "appeal",
        r"\b(?:(?:the |recent |new |modern |current |clinical |scientific |medical |more and more |much |good |latest )*(?:studies|research|science|trials|evidence|experts|doctors|scientists|data|literature|researchers|specialists|medicine|clinicians|physicians)) (?:have |has |had |now |clearly |also |consistently |repeatedly |strongly |overwhelmingly |increasingly )*(?:shows?|showed|shown|proves?|proved|proven|confirms?|confirmed|suggests?|suggested|agrees?|agreed|indicates?|indicated|demonstrates?|demonstrated|says?|said|tells?|find|finds|found|reveals?|revealed|knows?|known|believes?|recommends?|supports?|supported|points?|backs?|endorses?|prefers?|warns?)\b"
        r"|\b(?:backed|supported|endorsed|recommended|approved|prescribed) by (?:\w+ )?(?:science|research|stud(?:y|ies)|doctors|experts|evidence|trials|authorities|regulators|the FDA|FDA|EFSA|the NIH|WHO)\b|\bFDA[- ]approved\b|\bofficially (?:approved|recommended)\b|\bit is (?:well[- ]|widely |generally |commonly )?(?:known|accepted|recogni[sz]ed|agreed|acknowledged)\b",
        "no source is named; write which source reports it, with {source}`id`",
        needs=_TOPIC,
        unless=r"\b(?:not|no|neither|cannot|does|do|that were read|insufficient|certainty|at most|too few|uncertain|read here|may)\b|\ua66e",
    ),
    _phrase(
        "recommendation",
        rf"\b(?:should|must|ought to|need(?:s)? to|had better|ha(?:s|ve) to|would be wise to|do(?:es)? well to|is wise to|are wise to|is best to|is better to|is time to|is worth|want to|can simply|could simply|may safely|can safely|are (?:encouraged|advised|urged|invited) to|is (?:encouraged|advised|urged) to|it makes sense to|makes sense to|no need to|no longer need(?:s)?(?: to)?) (?:not |also |therefore |always |never |definitely |at least |now |really |seriously |first |still |instead |only |simply |all |perhaps )*{_USE}\b",
        "the report recommends nothing; say what a source reports and leave the decision to reader and clinician",
        unless=r"\b(?:added up|samples?|blood is|measure[ds]?|results? must|read with care|as (?:current )?evidence|keep their vitamin K intake (?:consistent|steady|stable|even)|numbers?|figures?|figure|sentence|chapter|row|reader can|who takes it should ask|what anyone|anyone should do|whether (?:anyone|to|a woman|she|they))\b",
    ),
    _phrase(
        "recommendation",
        rf"^(?:So,? |Then,? |Just |Simply |Please,? |Always |Never |Do not |Don't |Instead,? |To [^,]+, |If [^,]+, |For [^,]+, |Before [^,]+, |After [^,]+, |Women[^,]*, )*(?:take|start|stop|try|use|add|choose|consider|begin|switch|replace|avoid|eat|buy|swap|get|aim|opt|increase|pair|combine|supplement|skip|quit|ask your|talk to your|speak to your|look for|make sure|go for|pick|order|give|ensure|include|keep taking|continue|drop|forget|reach for|boost|protect|strengthen|support|throw|ditch|top up|double|halve|raise|lower|put|let|invest|rely|trust|remember to|don't forget)\b[^.]*\b{K2}\b",
        "this tells a reader what to do; the report recommends nothing",
        unless=r"\b(?:row|column|table|figure|chapter|folder|file|slider|button|plot|the word|template|log|as the example)\b",
    ),
    _phrase(
        "recommendation",
        r"\b(?:recommend(?:s|ed|ing|ation|ations)?|advis(?:e|es|ed|able)|advisable|(?:best|well) served by|is all (?:it takes|that is needed|one needs)|does the trick|worth (?:taking|trying|a try|adding|considering|it)|good idea|ideal dos\w+|optimal dos\w+|best dos\w+|right dos\w+|effective dos\w+|optimum dos\w+|sufficient dos\w+|sensible dos\w+|usual dos\w+ is|standard dos\w+ is|correct dos\w+|daily dose of|recommended (?:daily )?(?:dos\w+|intake|amount)|is enough|first[- ]line|standard of care|must-have|a must\b|no-brainer|is (?:clearly )?indicated|is warranted|are warranted|is justified|deserves a place|belongs in|has its place|we (?:suggest|urge|encourage|propose|prefer)|no need (?:for|of) (?:other |further |any )?(?:drugs?|medicines?|medication|bisphosphonates?|treatment)|no reason (?:not to|to (?:avoid|refuse|hesitate|wait))|(?:best|right|ideal|good) (?:time|moment) (?:for|to)|(?:is|are) (?:to be )?(?:preferred|preferable|favou?red)|can be (?:used|taken)|(?:best|right|natural|logical|obvious|smart|wise|sensible|better|good|excellent) (?:course|thing|move|choice|option|step|candidates?|bet|strategy|approach)|(?:optimal|ideal|best|right|sufficient) (?:intake|amount|level of intake)|drug of choice|treatment of choice|therapy of choice|of choice|go-to|natural alternative|(?:suitable|good|safe|viable|drug-free|gentle) alternative|alternative to (?:drugs|bisphosphonates|medication|alendronate|hormone)|substitute for|can replace|replaces (?:drugs|bisphosphonates|medicines|medication|alendronate)|instead of (?:a |her |his |their |your )?(?:drugs?|bisphosphonates?|medicines?|medication|alendronate|prescription)|an hour (?:before|after)|with (?:a fatty |a )?meals?(?=.*\b(?:absor|take|best))|twice a day|once a day|every (?:day|morning|evening)|per day is|a day is|a day keeps|daily is)\b",
        "a recommendation or a dose as advice; the report recommends nothing and gives no dose",
        needs=rf"\b{K2}\b|\b(?:women|bones?|patients|treatment|fractur\w*|intake|dos\w+|menopause)\b",
        unless=r"\b(?:standard for|reporting|wording|statement|guidance 26|guideline on reporting|screening of|not systematic|words? for|recommends nothing|no recommendation|not a recommendation|bring (?:it|this))\b",
    ),
    _phrase(
        "recommendation",
        r"\b(?:women|people|patients?|persons?|adults|anyone|everyone|those|she|they|users)\b[^.;,]{0,45}\b(?:can|may|could|are able to) (?:\w+ ){0,2}?(?:take|use|combine|count on|rely on|trust|enjoy)\b",
        "permits or advises to take it; the report recommends nothing",
        needs=rf"\b{_VITAMIN}\b|\b(?:pills?|capsules?|tablets?)\b",
        unless=r"\b(?:this report|the report|log|table)\b",
    ),
    _phrase(
        "recommendation",
        r"\bworth (?:taking|trying|a try)\b|\b(?:give it a try|the (?:obvious|natural|logical|best|right) (?:choice|answer))\b",
        "this tells a reader what to do; the report recommends nothing",
    ),
    _phrase(
        "recommendation",
        rf"^(?:So,? |And |Then )?(?:Why (?:not|wait|hesitate)|How about|What about (?:taking|trying|adding)|Ready (?:to|for)|Time (?:to|for)|Isn't it time|High time)\b[^.]*\b{_VITAMIN}\b",
        "this tells a reader what to do; the report recommends nothing",
    ),
    _phrase(
        "recommendation",
        r"\b(?:can|may|could|might) (?:now |then |also |safely |simply |well |thus |therefore |usually |often )*(?:stop|drop|skip|discontinue|quit|come off|do without|go without|cut back|leave out|switch (?:from|to)|swap|be (?:stopped|dropped|skipped|discontinued|replaced|left out|cut back|swapped))\b",
        "this tells a reader what to do; the report recommends nothing",
        needs=r"\b(?:vitamin K2?|K2|MK-?\d|supplement\w*|warfarin|anticoagulants?|medicines?|medications?|drugs?|bisphosphonates?|alendronate|risedronate|tablets?|pills?|capsules?)\b",
        unless=r"\b(?:reader|chart|figure|table|column|row|view|build|page)s?\b",
    ),
    _phrase(
        "recommendation",
        r"\b(?:you|your|yours|yourself|we all)\b",
        "speaks to the reader as a patient; write about the people who were studied",
        needs=rf"\b{K2}\b|\b(?:bones?|fractur\w*|osteocalcin|dose|body|skeleton|health|hips?)\b",
        unless=r"\b(?:your (?:log|file|copy|browser|own log|clinician|doctor's)|your clinician)\b",
    ),
    _phrase(
        "safe",
        r"\b(?:(?:not true|untrue|a myth|false|wrong|nonsense|no truth in the claim) that (?:(?!\b(?:without|no|free|not|safe)\b)[^.;])*\b(?:risks?|harm\w*|danger\w*|side[- ]effects?|adverse \w+|unsafe|toxic)"
        r"|(?:do|does|did|has|have|is|are)(?: not|n't) (?:\w+ ){0,2}?(?:carry|pose|bring|have|had|cause|caused|involve|come|entail|produce|trigger|lead|led|linked|associated|tied) (?:with |to )?(?:any |a |an |more )?(?:\w+ )?(?:risks?(?! of bias)|harms?|dangers?|side[- ]effects?|adverse \w+|unwanted effects?)"
        r"|(?:no|not a single) (?:woman|women|patient|patients|person|participant|participants) (?:\w+ )?(?:came to harm|was harmed|were harmed|was hurt|were hurt|suffered)|(?:nobody|no one) (?:came to harm|was harmed|was hurt|suffered)|rais(?:es|ed) no (?:\w+ )?(?:concerns?|alarm|flags?|worr\w+|questions?)|(?:shows?|means?|proves?|so|hence|that) (?:that )?there (?:is|are|was|were) none|easy on (?:the|her|your)|(?:feel|be) at ease|nothing (?:bad|untoward|serious|alarming) (?:\w+ )?(?:happened|occurred|was)|too much (?:[\w ]+ )?(?:is|are) (?:not possible|impossible)|no (?:woman|patient|person|participant|one)s? (?:[\w ]+ )?(?:had|got|suffered|developed) (?:an? )?(?:\w+ )?(?:clots?|bleed\w*|reaction|complication|harm|problem|thrombos\w+)|(?:does|will|would|can)(?: not|n't) hurt (?:to|anyone|anybody)\b|innocent|innocuous|benign|clean bill of health"
        r"|(?:no|nobody|no one|nothing|never|without|not|need not|hardly any|little)(?: (?!(?:show|say|tell|know|prov|report|mean|establish)\w*)[\w']+){0,4}? (?:fear\w*|alarm\w*|worr\w+|afraid|danger\w*|hesitat\w+|thinking twice|second thought)"
        r"|(?:speaks?|spoke|argues?|argued|testif\w+|vouch\w*|evidence|proof|sign|signs|guarantee|points?|pointed) (?:for|of|in favou?r of|to) (?:its |the |their |good |long-term )*(?:safety|tolerability)"
        r"|safe|safely|safer|safest|harmless|risk[- ]free|free (?:of|from) (?:side[- ]effects|risks?|harms?|danger|adverse \w+|toxicity)|without (?:any )?(?:side[- ]effects|risks?|harms?|danger|adverse \w+)|(?:no|zero|few|fewer|hardly any|not any|barely any|virtually no|almost no|rare|only mild|only minor|mild|minor|minimal|negligible) (?:known |serious |reported |significant |relevant |real |documented |notable |major |increased |additional |extra |important |adverse |unwanted |harmful |such )*(?:side[- ]effects?|adverse (?:events?|effects?|reactions?)|harms?|risks?(?! of bias)|dangers?|toxicity|drawbacks?|downsides?|complications|reactions|interactions?|safety (?:concerns?|issues?|problems?|signals?))|(?:safety|tolerability) (?:is|was|has been|profile is|profile was|record|profile) ?(?:well |fully |clearly )?(?:established|proven|confirmed|demonstrated|excellent|good|favou?rable|not (?:a |an )?(?:concern|issue)|undisputed|reassuring)?|well[- ]tolerated|non-?toxic|gentle|can be (?:\w+ )?(?:taken|combined|used) (?:together )?with (?:warfarin|anticoagulants|blood thinners|any|other)|nothing to lose|no (?:reason|cause) (?:to be|for) concern\w*|need not be (?:concerned|careful)|cannot (?:hurt|harm|overdose)|do(?:es)? (?:no|not) (?:harm|cause (?:any )?(?:harm|side|adverse))|not harmful|not dangerous|not (?:interact|interfere)|no (?:more|higher|increase in|difference in|rise in|greater) (?:risk of )?(?:adverse|side|harms?)\w*|(?:side[- ]effects|adverse (?:events|reactions|effects)|harms?) (?:(?:did|do|does) not differ|(?:need|are|were) not(?: to)? be (?:feared|expected|worried)|need no|pose no|are no (?:worry|concern|issue))|(?:side[- ]effects|adverse (?:events|reactions|effects)|harms?) (?:are|were|is|was) (?:rare|mild|minor|few|similar|the same|comparable|absent|unlikely|negligible|no more|not (?:increased|a concern|seen|observed|more|found|different|expected))|good for the heart|wholesome|like placebo|as placebo|suits everyone|suitable for (?:everyone|all|people|women|patients|those|long-term)|(?:used|taken|given) without concern|(?:appropriate|fine|no problem|acceptable) for (?:everyone|people|patients|those|all)|no upper limit|impossible to overdose)\b",
        "harms are reported as more frequent in some sources and not at all in most; give {finding}`xu2021-adverse`, or say that harms are not reported where the source was read",
        unless=r"\b(?:cannot be called|not shown to be|whether|how safe|not mean|does not show|not known|unknown|no statement|no source|not reported|are not reported|not established|called safe|read as safe|says? nothing|nothing about)\b|\breported (?:where|in the abstract)|where (?:it|they) (?:was|were) read|where (?:the|most) (?:sources?|abstracts?) (?:was|were) read",
    ),
    _phrase(
        "invented harm",
        r"\b(?:side[- ]effects?|adverse (?:events?|effects?|reactions?)|unwanted effects?|harms?|these|they) (?:that were reported )?(?:was|were|are|is|included?|concerned|consisted of|affected) (?:mostly|mainly|largely|usually|chiefly|all|often|only|generally|typically|\w+ly)? ?(?:of the |in the |the |of )?(?:mild|minor|moderate|harmless|transient|temporary|reversible|serious|severe|stomach|gut|skin|gastro\w*|digestive|nausea|rash\w*|headaches?|diarrh\w+|bleeding|clots?|thrombo\w+)\b",
        "which unwanted effects they were, and how severe, is not stated where the sources were read; say so",
        needs=r"\b(?:side[- ]effects?|adverse|unwanted|harms?)\b",
    ),
    _phrase(
        "no effect",
        r"\b(?:no|zero|without(?: any)?|not any|neither|nil) (?:real |measurable |detectable |clear |meaningful |discernible |apparent |true |overall |relevant |whatsoever |at all |additional |further |beneficial |visible |treatment )*(?:effects?|changes?|difference|impact|influence|benefits?|response|improvements?|reductions?|increases?|decreases?|association|relationship|role|value|use)\b(?! (?:size|of the|measure))"
        rf"|\b(?:regardless of|irrespective of|in spite of|despite|indifferent to|immune to|untouched by|unmoved by|unimpressed by|does not (?:care|depend|respond)(?: on| to)?) (?:taking |giving |the )*{_VITAMIN}"
        r"|\b(?:equally|just as) (?:common|frequent|often|many|few|likely|high|low|rare)\b|\bin both groups alike\b"
        r"|\b(?:leaves?|left) (?:no (?:mark|trace|imprint)|(?:\w+ ){1,4}(?:untouched|cold|unmoved|as (?:it|they) (?:was|were|is|are)))\b|\b(?:insensitive|unresponsive|deaf) to\b|\b(?:trial|study|review|result)s? (?:was|were|is|are|turned out) (?:clearly )?negative\b|\bfails? against\b|\b(?:to no avail|in vain|drew a blank|came up empty)\b"
        r"|\b(?:ineffective|ineffectual|useless|worthless|inactive against|unaffected|unchanged|unaltered|inert|pointless|a waste)\b|\b(?:remain(?:s|ed)?|stay(?:s|ed)?|was|were|is|are|kept|left) (?:\w+ )?(?:the same|stable|constant|flat|unmoved|steady|identical|equal)\b"
        r"|\b(?:do(?:es)?|did|will|would|can) ?(?:not|n't|nothing) (?:\w+ ){0,1}?(?:affect|change|alter|influence|work|help|reduce|increase|lower|raise|prevent|improve|matter|move|differ|respond|protect|strengthen|decrease|budge|make a difference|have (?:an |any )?(?:effect|impact|influence)|do anything|for)\b|\bdoes nothing\b|\bnothing (?:happen|chang|mov)\w+\b|\bdid nothing\b"
        r"|\bfail(?:s|ed|ure)?(?: completely)? to (?:affect|change|alter|reduce|increase|lower|raise|prevent|improve|move|protect|work|show)\b|\b(?:made|makes) no difference\b|\b(?:no (?:better|different|worse)|identical|equal|equivalent) (?:than|to|from) (?:a )?(?:placebo|no treatment|control|calcium)\b|\b(?:ruled? out|disproves?|disproved|refut\w+|debunk\w+|excluded an? effect|shown not to|proven not to)\b|\bnot (?:work|effective|related|altered|affected|changed)\b|\b(?:was|were|is|are) not (?:affected|changed|altered|influenced|reduced|increased|lowered|raised|prevented|different|improved)\b",
        "'not significant' is not 'no effect'; write 'reports no significant change' with the finding",
        needs=rf"\b{K2}\b|\b(?:bones?|fractur\w*|osteocalcin|osteoporo\w*|markers?|density|BMD|resorption|formation|turnover|NTX|CTX|TRAP|BAP|PINP|ucOC|OC|telopeptide|phosphatase|placebo|women|treatment)\b|\ua66e",
        unless=r"\b(?:(?:not|no) (?:\w+ ){1,6}significantly|significant(?:ly)? (?:effect|change|difference|increase|decrease|reduction|affect|differ|alter|reduc|lower|rais)\w*|(?:statistically )?significant\b.{0,20}(?:change|difference|effect)|(?:includ|exclud|contain|cross|leav\w* out|leav)\w*(?: the)? (?:value of )?no (?:difference|effect)|value of no (?:difference|effect)|(?:from|of|to|around|line of|side of|right of|left of) no (?:difference|effect)|not the same|no (?:effect|benefit|difference|change|reduction|increase)s? (?:was|has been|is|were) (?:shown|demonstrated|proven|established)|can (?:change|move|rise|fall|differ|vary) without|when (?:its|a) row|change the (?:result|direction|sign|conclusion|row)|by itself|does not change (?:the|this|that|its|what|how))\b|changes? with it",
    ),
    _phrase(
        "magnitude",
        r"\b(?:dramatic\w*|huge(?:ly)?|massive(?:ly)?|enormous(?:ly)?|substantial(?:ly)?|striking(?:ly)?|marked(?:ly)?|considerabl[ey]|powerful(?:ly)?|potent(?:ly)?|sharp(?:ly)?|steep(?:ly)?|strong(?:ly)? (?:effects?|increase[sd]?|reduc\w+|decrease[sd]?|lower\w*|rais\w+|response|ros?e|falls?|fell|protection)|big(?:ger|gest)?|meaningful(?:ly)?|clinically (?:relevant|important|significant)|major|profound(?:ly)?|great(?:ly)|vast(?:ly)?|impressive(?:ly)?|large(?:r|st)? (?:effects?|increases?|decreases?|reductions?|changes?|falls?|rises?|benefits?|improvements?|drops?|gains?)|far (?:more|less|higher|lower|fewer)|many times|several times|by leaps|skyrocket\w*|plummet\w*|soar\w*|plung\w+|virtually eliminat\w*|almost eliminat\w*|nearly eliminat\w*|lasting|lasted|persist(?:s|ed)|permanent(?:ly)?|sustained|small(?:er)? (?:effects?|increases?|decreases?|reductions?|changes?|falls?|rises?)|slight(?:ly)?|modest(?:ly)?|tiny|trivial|negligibl[ey]|(?:effects?|increases?|decreases?|reductions?|changes?|falls?|rises?|differences?|drops?|benefits?) (?:[\w-]+ ){0,5}?(?:was|were|is|are) (?:(?!an?\b|the\b)\w+ )?(?:large|small|big|strong|weak|moderate|important|relevant|noticeable|visible))\b",
        "the unit or a threshold for size is not known; give the finding without a word for its size",
        needs=r"\ua66e|\b(?:effects?|increas\w*|decreas\w*|reduc\w*|ros?e|rises?|rising|fell|falls?|drop\w*|lower\w*|higher|change[sd]?|improv\w*|benefits?|protect\w*|prevent\w*|gain\w*|works?|acts?|strengthen\w*|cut\w*|loss|antiresorptive|anabolic|agent|nutrient|relevant|important|significant|response|osteocalcin|markers?|CTX|NTX|BAP|TRAP|ucOC|density|fractur\w*)\b",
        unless=r"\b(?:authors?|abstract|source) (?:themselves )?(?:call|describe|name)\w*|\b(?:large|small) or (?:small|large)\b|\bsmallest change\b|\bcalls? (?:it|the|this)\b|\blargest trial\b|\bmajor inter-method|\bdifferences between|\bminimal important|\bclinical relevance|\bmake[s]? large|\bmade in large|\btend to\b|\bcan (?:raise|lower|change|hide|come)\b|\btitle\b|\bswings?\b|\ban increase\b.{0,20}\bmoderate",
    ),
    _phrase(
        "speed",
        r"\b(?:rapid(?:ly)?|within (?:just )?(?:days|weeks|months)|in (?:just )?(?:days|weeks|months)|immediate(?:ly)?|at once|overnight)\b",
        "how fast anything happens stands in no row; give the finding without a word for its speed",
        needs=rf"\b{_VITAMIN}\b|\b(?:effects?|increas\w*|decreas\w*|reduc\w*|ros?e|rises?|fell|falls?|drop\w*|lower\w*|improv\w*|benefits?|protect\w*|prevent\w*|works?|strengthen\w*)\b",
    ),
    _phrase(
        "value",
        r"\b(?:favou?rabl[ey]|desirabl[ey]|beneficial(?:ly)?|benefit(?:s|ed|ing)?|positive(?:ly)?(?! (?:drug|control))|optimal(?:ly)?|ideal|impressive|encouraging|promising|normali[sz]\w*|superior|excellent|good(?! evidence| practice)|best(?! (?:known|understood|read|described))|better(?! (?:known|understood|read|described|estimate))|worse|bad|healthy (?:level|range|turnover|balance|value)s?|healthier|unhealthy|improve\w*|right direction|wrong direction|welcome|win|gains|deteriorat\w*|rejuvenat\w*|youthful|balanced?|imbalance|under control|in check|corrects?)\b",
        "a marker has no declared better direction; write that it rose, fell, or did not change significantly",
        needs=r"\b(?:osteocalcin|OC|ucOC|cOC|BAP|PINP|CTX|NTX|TRAP|TRACP-5b|telopeptide|phosphatase|markers?|turnover|resorption|formation|biomarkers?|bone metabolism|laboratory values|blood tests?)\b",
        unless=r"\b(?:narrativ\w+|in words only|without a pooled figure)\b",
    ),
    _phrase(
        "benefit",
        rf"\b(?:benefit(?:s|ed|ing)?|profit(?:s|ed)?|gain(?:s|ed)?) (?:\w+ )?(?:most |greatly |clearly )?from (?:taking |using )?{K2}|\b(?:benefits?|value|power|merits?|advantages?|virtues?) of (?:taking |using )?(?:vitamin K2?|K2|menaquinones?|menatetrenone|MK-?\d|supplement\w*)|\b(?:vitamin K2?|K2|menaquinones?|menatetrenone|MK-?\d|pills?|capsules?|tablets?|supplements?) (?:really |certainly |clearly |also )?(?:works?|pays off|delivers|does the job|is (?:\w+ )?(?:effective|beneficial|essential|crucial|vital|indispensable|good|useful|helpful|valuable|important|necessary))\b",
        "says that vitamin K2 is of benefit; say which outcome which source reports",
    ),
    _phrase(
        "benefit",
        r"\b(?:puts?|directs?|steers?|guides?|moves?|shuttles?|delivers?|channels?|brings?|gets?|binds?|routes?|sends?|carries|lays down|locks?) (?:\w+ ){0,2}?calcium\b[^.;]{0,30}\b(?:bones?|skeleton|belongs|arter\w+)\b",
        "no row is on where calcium goes; leave it out, or add a source and its finding",
    ),
    _phrase(
        "benefit",
        rf"\b{_VITAMIN} (?:\w+ ){{0,2}}?(?:stimulat|activat|awak|wake|recruit|inhibit|block|calm|suppress|boost|feed|driv|support|rein)\w* (?:in )?(?:the |more |those )?(?:\w+ )?(?:bone[- ](?:forming|building|resorbing|eating|breaking)[- ]cells|osteoblasts?|osteoclasts?|cells that (?:form|build|make|break|resorb)\w*)",
        "no row is on cells of bone; leave it out, or add a source and its finding",
    ),
    _phrase(
        "evidence grade",
        r"\b(?:strong(?:est)?|good|solid|robust|high[- ]quality|reliable|firm|best|excellent|rigorous|definitive|top|ample|abundant|extensive|plenty of|a large body of|a wealth of|well[- ](?:designed|conducted|done|controlled)|mounting|growing) (?:clinical |scientific |randomi[sz]ed |medical |trial |body of )*(?:evidence|data|proof|trials|studies|research|science|support)\b|\b(?:weight|balance|bulk|sum) of (?:the )?evidence\b|\bevidence (?:\w+ ){0,6}is (?:strong|solid|robust|good|convincing|compelling|clear|consistent|high[- ]quality|sufficient|abundant)\b|\bevidence[- ]based\b",
        "grades the evidence; give the certainty that data/certainty.csv yields, or none",
    ),
    _phrase(
        "comparison",
        r"\b(?:better|more effective(?:ly)?|superior|stronger|faster|safer|more potent(?:ly)?|more powerful|outperform\w*|beats?|as (?:good|effective|safe|potent|powerful|strong)|(?:works?|worked|acts?|acted|performs?|performed|does|did|do) (?:better|just as|(?:just )?as well)|equivalent|rivals?|comparable|matches|surpass\w*|exceed\w*|equal(?:s|led)?|on a par|better absorbed|more bioavailable|more active|the (?:most|best|strongest|safest|only)(?: \w+)? (?:form|vitamin|supplement|nutrient|treatment|remedy|agent)|best form|most effective|complements?|synergy|synergistic\w*|enhances? the (?:effect|action) of|amplif\w+|potentiat\w+|in combination is|(?:boost|increas|improv|strengthen|augment|multipl|support|rais)\w* (?:the|its|their) (?:effects?|action|efficacy|power|benefits?))\b",
        "a comparison that no row makes; cite the trial that compared the two, with its finding",
        needs=rf"\b(?:than|to|as|over|with|form|of)\b.*\b(?:{K2}|drugs?|placebo|vitamin D|exercise|diet|hormone|medicines?|alfacalcidol|strontium|calcium|treatment)\b|\b(?:{K2})\b.*\b(?:than|to|as|form|better|superior|most|synerg\w+|over)\b",
        unless=r"\b(?:cannot be compared|must not be compared|known|understood)\b|\ua66e.*\bmore with\b",
    ),
    _phrase(
        "sizes compared",
        rf"\b(?:larger|bigger|greater|smaller|more|less|further|faster|stronger) (?:\w+ )?than (?:\w+ ){{0,4}}?(?:{_MARKER}|MK-?\d)|\b(?:exceed|surpass|reach|top|pass)\w* (?:the |its |a )?(?:least significant change|critical difference|reference (?:interval|range))"
        r"|\bdose[- ](?:dependent|response)\w*|\b(?:higher|larger|bigger|smaller|lower) dos\w+ (?:gave|give|brought|bring|had|have|led|lead|work|moved?)\w*|\brespond(?:ed|s)? (?:best|better|most|more|least)\b",
        "no row compares sizes: units are not reported, and what varies in one person says nothing about groups; name each finding by itself",
        needs=rf"{_MARKER}|\b(?:change|difference|dos\w+|MK-?\d|women)\b",
    ),
    _phrase(
        "limits played down",
        r"\b(?:limitations?|weaknesses|gaps|shortcomings|retraction|caution|overlap)\b[^.;]{0,45}\b(?:(?:is|are|was) (?:\w+ )?(?:minor|small|few|slight|negligible|of little|unimportant|without consequence)|(?:does|do|did|will) not (?:change|affect|touch|alter|matter|weaken))\w*|\bnone of (?:these |the |its )*(?:limitations|weaknesses|gaps|shortcomings) (?:change|affect|touch|alter|matter|weaken)\w*"
        r"|\b(?:just|narrowly|barely|only) miss\w* (?:statistical )?significance\b|\bwould have (?:shown|proved|found|reached|confirmed)\b",
        "plays down what is not known or not significant; say what is missing and stop there",
    ),
    _phrase(
        "invented knowledge",
        r"\b(?:large|long|big) enough to (?:detect|show|find|see|prove|count)\b|\b(?:compliance|adherence|follow-?up) (?:was|were|is) (?:\w+ )?(?:high|good|excellent|complete|full|long)\b|\bfollowed (?:up )?for (?:\w+ )?(?:years|months|decades)\b|\bJOINT-?0?3\b[^.;]{0,20}\b(?:confirm|show|found|prov|report|demonstrat)\w*|\bpanel of (?:\w+ )?experts\b|\b(?:stayed|remained|completed)\b[^.;]{0,25}\b(?:until|to) the end\b",
        "not known: nothing of the kind stands in the tables; say that it is not reported where the source was read",
        unless=r"\b(?:not (?:known|reported|stated|assessed|given)|unknown)\b",
    ),
    _phrase(
        "invented knowledge",
        r"\b(?:risk of bias|heterogeneity|publication bias|funnel plot|inconsistency|loss to follow-?up|drop-?outs?|attrition) (?:[\w'-]+ ){0,6}?(?:was|were|is|are) (?!(?:very |all |also |only |itself )?(?:not (?:known|reported|stated|assessed|given|judged|read|looked|named)|unknown|missing|reported|given|stated|said|asked|told|listed|named|called|defined|explained|measured|(?:judged|rated|assessed)(?! (?:to be|as|low|small|high|good|moderate|accept\w*))|lower|what|how|a|an|the|that|why|where|among|in|one)\b)\w+|\b(?:low|little|no|minimal|negligible|moderate|high|substantial) (?:statistical |between-study |between-trial |significant |relevant |sign of |evidence of |signs of )*(?:heterogeneity|publication bias|attrition)\b|\bhomogeneous\b|\b(?:funded|sponsored|paid for) by\b|\bindependently funded\b|\bno (?:funding|conflicts?|competing)\b|\b(?:fixed|random)[- ]effects? model was\b|\bper[- ]protocol analyses were\b|\b(?:low|high|unclear) risk of bias (?:in|for|across)\b|\b(?:trials|studies) (?:[\w-]+ ){0,5}?(?:were|are|was) (?:\w+ )?(?:at low risk|of (?:high|good) quality|well (?:conducted|designed|done)|rigorous)\b|\bgood agreement between (?:trials|studies)\b",
        "not known: nothing of the kind stands in the tables; say that it is not reported where the source was read",
        unless=r"\b(?:not (?:known|reported|stated|assessed|given)|unknown|restricted to|limited to|(?:analysis|analyses|subset|subgroup|result) of (?:the |its )?(?:trials|studies) (?:at|of|with) low|only (?:trials|the trials)|that are at|lowers the certainty|a domain)\b",
    ),
    _phrase(
        "read more than was read",
        r"\b(?:full[- ]texts?|full papers?|whole papers?|complete papers?|entire papers?|full reports?|full articles?|supplements?|original papers?) (?:\w+ ){0,6}?(?:was|were|has been|have been) (?:\w+ )?(?:read|checked|obtained|reviewed|analy[sz]ed|consulted|available|examined)\b|\bread (?:\w+ ){0,4}(?:in full|in its entirety|from (?:beginning|start|cover) to (?:end|finish|cover)|completely|entirely)\b|\bsearch\w* (?:\w+ ){0,3}databases?\b|\b(?:read|reading|checked|examined) (?:the |its |their |all |each |every |of )*(?:full[- ]texts?|full papers?|whole papers?|complete papers?|papers in full)\b|\bcomprehensive(?:ly)? (?:search|review|read)\w*|\bsystematic(?:ally)? search\w*|\bis a systematic review of\b|\bexhaustive\w*|\bcomplete (?:search|survey|picture)\b|\bwe contacted\b|\bauthors were contacted\b|\bindividual (?:patient|participant) data (?:was|were)\b",
        "only abstracts and public pages were read; say what was read",
        unless=r"\b(?:not|no|without|never|nor)\b",
    ),
)
"""Every phrase that is looked for; the first of each kind in a sentence is told."""
