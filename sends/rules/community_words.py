"""Words by which a text speaks to a religious, ethnic or other protected community (R-67): short French lists.

A place ("place de l'Eglise", "communaute de communes") is no address; a person named by faith, origin or orientation
is. Everything else about a text belongs to `sends.rules.message`.
"""

from __future__ import annotations

import re

#: Faiths, folded: stem, then the endings of people (a plural alone names people; a singular only beside a person).
_FAITHS = (
    r"juif|juive|israelite|musulman|musulmane|catholique|chretien|chretienne|protestant|protestante|evangelique"
    r"|orthodoxe|bouddhiste|hindou|hindoue|hindouiste|sikh|copte|maronite|chiite|sunnite|ismaelien|ismaelienne"
    r"|sefarade|ashkenaze|adventiste|pentecotiste|mormon|mormone|temoin de jehovah|athee"
)

#: Origins and peoples, folded, in the forms that name a person.
_ORIGINS = (
    r"algerien|algerienne|marocain|marocaine|tunisien|tunisienne|maghrebin|maghrebine|arabe|berbere|kabyle|turc|turque"
    r"|kurde|armenien|armenienne|libanais|libanaise|syrien|syrienne|egyptien|egyptienne|iranien|iranienne|afghan|afghane"
    r"|africain|africaine|subsaharien|subsaharienne|senegalais|senegalaise|malien|malienne|ivoirien|ivoirienne"
    r"|congolais|congolaise|camerounais|camerounaise|comorien|comorienne|malgache|guineen|guineenne|antillais|antillaise"
    r"|portugais|portugaise|espagnol|espagnole|italien|italienne|polonais|polonaise|roumain|roumaine|russe|ukrainien"
    r"|ukrainienne|serbe|albanais|albanaise|asiatique|chinois|chinoise|vietnamien|vietnamienne|cambodgien|cambodgienne"
    r"|laotien|laotienne|indien|indienne|pakistanais|pakistanaise|tamoul|tamoule|haitien|haitienne|bresilien|bresilienne"
    r"|latino|juive|noir|noire|afro|afrodescendant|afrodescendante|metis|metisse|gitan|gitane|tsigane|tzigane|rom|manouche"
    r"|franco-[a-z]+|israelien|israelienne|palestinien|palestinienne|etrangere|maghreb|afrique|asie|algerie|maroc|tunisie"
    r"|turquie|armenie|portugal|italie|espagne|pologne|liban|israel|immigree"
)

#: Orientation and identity, folded.
_ORIENTATIONS = (
    r"lgbt[a-z+]*|gay|gays|lesbienne|homosexuel|homosexuelle|homosexuels|trans|transgenre|bisexuel|bisexuelle|queer"
)

#: Words for people: beside one of them, a faith or orientation names whom the text speaks to.
_PEOPLE = (
    r"francais|francaise|francaises|citoyen|citoyenne|citoyens|citoyennes|electeur|electrice|electeurs|electrices|ami|amie"
    r"|amis|amies|frere|freres|soeur|soeurs|compatriote|compatriotes|concitoyen|concitoyens|concitoyenne|concitoyennes"
    r"|famille|familles|jeune|jeunes|homme|hommes|femme|femmes|croyant|croyante|croyants|croyantes|fidele|fideles"
    r"|voisin|voisins|habitant|habitants|parent|parents|personne|personnes|gens|peuple|vote|electorat|maman|mamans"
)

_FAITH = rf"(?:{_FAITHS})s?"
_ORIGIN = rf"(?:{_ORIGINS})e?s?"
_ORIENTATION = rf"(?:{_ORIENTATIONS})s?"
_ANY = rf"(?:{_FAITH}|{_ORIGIN}|{_ORIENTATION})"
_TO = r"(?:aux|chers|cheres|cher|chere|nos|vous|vous,|mes|les)"

_ADDRESSES = (
    rf"\b(?:confession|culture|foi|religion|tradition|obedience|rite) {_ANY}\b",
    rf"\b(?:d'|de |des )(?:origine|origines|ascendance|descendance|racines) (?:de l'|de la |du |d'|de )?{_ANY}\b",
    rf"\b(?:communaute|communautes|diaspora|diasporas|minorite|minorites) (?:\w+ et )?{_ANY}\b",
    rf"\b(?:{_PEOPLE})(?: et (?:{_PEOPLE}))? (?:de france )?(?:{_FAITH}|{_ORIENTATION})\b",
    rf"\b(?:{_PEOPLE})(?: et (?:{_PEOPLE}))? (?:noir|arabe|maghrebin|asiatique|kabyle|gitan|rom|antillais|metis)e?s?\b",
    rf"\b{_TO} (?:{_FAITHS})s\b",
    rf"\b(?:vous etes|etes-vous|si vous etes|etant|en tant que|comme|tout|toute|chaque|cher|chere) (?:un |une )?(?:{_FAITHS})\b",
    rf"(?:^|[.!?:;] ?)(?:{_FAITHS})s(?: ?[,!:]| (?:de|du|des|et) | d')",
    rf"\bissue?s? de (?:l')?(?:immigration|la diaspora) {_ANY}\b",
    rf"\b(?:{_FAITHS})s (?:de france|de paris|d'ile-de-france|d'orient|du quartier|de la ville|de votre ville|de notre ville)\b",
    r"\b(?:coreligionnaires?|pieds-noirs|harkis?|gens du voyage|fideles de (?:la|l'|votre|notre) \w+|paroissiens?|paroissiennes?)\b",
    r"\b(?:franco-(?:algerien|marocain|tunisien|turc|turque|portugais|israelien|armenien|libanais|malien|chinois|italien)\w*)\b",
    r"\b(?:shabbat shalom|chabbat chalom|chag sameach|hag sameah|shana tova|chana tova|salam ?(?:aleykoum|alaykoum|aleikoum|alikoum)"
    r"|assalam\w*|as-salam\w*|aid (?:moubarak|mubarak|el[- ]?fitr|al[- ]?fitr|el[- ]?kebir|al[- ]?adha|said)"
    r"|(?:bon|joyeux|bonne|joyeuse|heureux|heureuse) (?:fete de l'aid|aid|ramadan|hanouk\w*|hanukk\w*|pessah|kippour|roch hachana|rosh hashana|careme|chabbat|shabbat)"
    r"|ramadan (?:moubarak|mubarak|kareem|karim)|inch'?allah|incha'?allah|machallah)\b",
)
_ADDRESS = re.compile("|".join(_ADDRESSES))


def addressed_words(folded: str) -> tuple[str, ...]:
    """Return the words of a folded text (no accents, no case) that speak to a community; empty = none."""
    return tuple(found.group(0).strip(" .,:;!?") for found in _ADDRESS.finditer(folded))
