"""How people say letters, numbers and months: en, pl, lt, hu, ru. All words are folded (folding.py).

Numbers and months are given by the beginnings of their words, the longest that fits counts: "trzeciego" and "trzeci"
are 3. Recognisers write letters as words that sound like them, which is what LETTERS has beside the names.
"""

from collections.abc import Mapping

LANGUAGES = ("en", "pl", "lt", "hu", "ru")


def spoken_in(language: str) -> str:
    """Return `language` if its words stand here; of any other, English is understood."""
    return language if language in LANGUAGES else "en"


LETTERS: Mapping[str, str] = {
    # English names of letters, and the words that are written for them.
    "ay": "a", "hey": "a", "eh": "a", "aye": "a", "bee": "b", "be": "b", "bea": "b", "see": "c", "sea": "c", "cee": "c",
    "dee": "d", "the": "d", "he": "e", "ee": "e", "ef": "f", "eff": "f", "gee": "g", "geo": "g", "aitch": "h",
    "haitch": "h", "age": "h", "eye": "i", "jay": "j", "kay": "k", "okay": "k", "ok": "k", "el": "l", "ell": "l",
    "ella": "l", "elle": "l", "em": "m", "am": "m", "en": "n", "and": "n", "an": "n", "end": "n", "oh": "o", "owe": "o",
    "pee": "p", "pea": "p", "queue": "q", "cue": "q", "kew": "q", "cute": "q", "are": "r", "our": "r", "or": "r",
    "all": "r", "es": "s", "ess": "s", "yes": "s", "tea": "t", "tee": "t", "you": "u", "yu": "u", "vee": "v", "we": "v",
    "doubleu": "w", "doubly": "w", "doubleyou": "w", "dubya": "w", "ex": "x", "eggs": "x", "axe": "x", "why": "y",
    "wye": "y", "while": "y", "zed": "z", "zee": "z", "said": "z", "set": "z", "that": "z", "zet": "z", "sad": "z",
    # NATO, with two spellings.
    "alpha": "a", "alfa": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f", "golf": "g",
    "hotel": "h", "india": "i", "juliet": "j", "juliett": "j", "kilo": "k", "lima": "l", "mike": "m", "november": "n",
    "oscar": "o", "papa": "p", "quebec": "q", "romeo": "r", "sierra": "s", "tango": "t", "uniform": "u", "victor": "v",
    "whiskey": "w", "whisky": "w", "xray": "x", "yankee": "y", "zulu": "z",
    # Polish, Lithuanian, Hungarian and Russian names of letters that are no other letter in English.
    "ce": "c", "de": "d", "ge": "g", "gie": "g", "ha": "h", "jot": "j", "ka": "k", "er": "r", "te": "t", "fau": "v",
    "wu": "w", "iks": "x", "igrek": "y", "ypsilon": "y", "ipszilon": "y", "ku": "q", "pe": "p", "ve": "v",
    "zhe": "z", "ze": "z", "esh": "s",
}  # fmt: skip
"""Words that stand for one letter."""

AS_IN: frozenset[str] = frozenset({"for", "4", "four", "like", "as", "in", "jak", "kaip", "mint", "kak", "of"})
"""Between a letter and a word that begins with it."""

DOUBLES: frozenset[str] = frozenset(
    {"double", "dbl", "podwojne", "podwojny", "dviguba", "dupla", "dvoynoe", "dvoynaya"}
)

_EN: Mapping[str, int] = {
    "zero": 0, "nought": 0, "nil": 0, "one": 1, "won": 1, "first": 1, "two": 2, "too": 2, "to": 2, "second": 2,
    "three": 3, "third": 3, "tree": 3, "free": 3, "four": 4, "for": 4, "fore": 4, "fourth": 4, "forth": 4, "five": 5,
    "fifth": 5, "six": 6, "sixth": 6, "sex": 6, "seven": 7, "seventh": 7, "eight": 8, "ate": 8, "eighth": 8, "nine": 9,
    "ninth": 9, "ten": 10, "tenth": 10, "eleven": 11, "eleventh": 11, "twelve": 12, "twelfth": 12, "thirteen": 13,
    "thirteenth": 13, "fourteen": 14, "fourteenth": 14, "fifteen": 15, "fifteenth": 15, "sixteen": 16,
    "sixteenth": 16, "seventeen": 17, "seventeenth": 17, "eighteen": 18, "eighteenth": 18, "nineteen": 19,
    "nineteenth": 19, "twenty": 20, "twentieth": 20, "thirty": 30, "thirtieth": 30, "forty": 40, "fourty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000,
}  # fmt: skip
HOMOPHONES: frozenset[str] = frozenset({"to", "too", "for", "fore", "forth", "won", "ate", "free", "tree", "sex"})
"""Words that sound like numbers and mostly are none."""
_PL: Mapping[str, int] = {
    "zero": 0, "jeden": 1, "jedn": 1, "pierwsz": 1, "dwa": 2, "dwie": 2, "drugi": 2, "drugie": 2, "trzy": 3,
    "trzeci": 3, "cztery": 4, "czwart": 4, "piec": 5, "piat": 5, "szesc": 6, "szost": 6, "siedem": 7, "siodm": 7,
    "osiem": 8, "osm": 8, "dziewiec": 9, "dziewiat": 9, "dziesiec": 10, "dziesiat": 10, "jedenas": 11, "dwanas": 12,
    "dwunas": 12, "trzynas": 13, "czternas": 14, "pietnas": 15, "szesnas": 16, "siedemnas": 17, "osiemnas": 18,
    "dziewietnas": 19, "dwadzies": 20, "dwudzies": 20, "trzydzies": 30, "czterdzies": 40, "piecdzies": 50,
    "szescdzies": 60, "siedemdzies": 70, "osiemdzies": 80, "dziewiecdzies": 90, "sto": 100, "dwiescie": 200,
    "dziewiecset": 900, "tysiac": 1000, "dwutysie": 2000,
}  # fmt: skip
_LT: Mapping[str, int] = {
    "nul": 0, "vien": 1, "pirm": 1, "du": 2, "dvi": 2, "antr": 2, "trys": 3, "tri": 3, "trec": 3, "keturi": 4,
    "ketvirt": 4, "penki": 5, "penkt": 5, "sesi": 6, "sest": 6, "septyni": 7, "septint": 7, "astuoni": 8, "astunt": 8,
    "devyni": 9, "devint": 9, "desimt": 10, "vienuolik": 11, "dvylik": 12, "trylik": 13, "keturiolik": 14,
    "penkiolik": 15, "sesiolik": 16, "septyniolik": 17, "astuoniolik": 18, "devyniolik": 19, "dvidesimt": 20,
    "trisdesimt": 30, "keturiasdesimt": 40, "penkiasdesimt": 50, "sesiasdesimt": 60, "septyniasdesimt": 70,
    "astuoniasdesimt": 80, "devyniasdesimt": 90, "simt": 100, "tukstan": 1000,
}  # fmt: skip
_HU: Mapping[str, int] = {
    "nulla": 0, "egy": 1, "elso": 1, "elsej": 1, "ketto": 2, "ket": 2, "masod": 2, "harom": 3, "harmad": 3, "negy": 4,
    "ot": 5, "otod": 5, "hat": 6, "het": 7, "nyolc": 8, "kilenc": 9, "tiz": 10, "tized": 10, "tizenegy": 11,
    "tizenket": 12, "tizenharom": 13, "tizenharmad": 13, "tizennegy": 14, "tizenot": 15, "tizenhat": 16,
    "tizenhet": 17, "tizennyolc": 18, "tizenkilenc": 19, "husz": 20, "huszon": 20, "huszonegy": 21, "huszonket": 22,
    "huszonharom": 23, "huszonharmad": 23, "huszonnegy": 24, "huszonot": 25, "huszonhat": 26, "huszonhet": 27,
    "huszonnyolc": 28, "huszonkilenc": 29, "harminc": 30, "harmincegy": 31, "negyven": 40, "otven": 50, "hatvan": 60,
    "hetven": 70, "nyolcvan": 80, "kilencven": 90, "szaz": 100, "kilencszaz": 900, "ezer": 1000, "ezerkilencszaz": 1900,
    "ketezer": 2000,
}  # fmt: skip
_RU: Mapping[str, int] = {
    "nol": 0, "nul": 0, "odin": 1, "odn": 1, "perv": 1, "dva": 2, "dve": 2, "vtor": 2, "tri": 3, "tret": 3,
    "chetyr": 4, "chetvert": 4, "pyat": 5, "shest": 6, "sem": 7, "sedm": 7, "vosem": 8, "vosm": 8, "devyat": 9,
    "desyat": 10, "odinnadtsat": 11, "dvenadtsat": 12, "trinadtsat": 13, "chetyrnadtsat": 14, "pyatnadtsat": 15,
    "shestnadtsat": 16, "semnadtsat": 17, "vosemnadtsat": 18, "devyatnadtsat": 19, "dvadtsat": 20, "tridtsat": 30,
    "sorok": 40, "pyatdesyat": 50, "shestdesyat": 60, "semdesyat": 70, "vosemdesyat": 80, "devyanost": 90, "sto": 100,
    "devyatsot": 900, "tysyach": 1000, "dvukhtysyach": 2000,
}  # fmt: skip
NUMBERS: Mapping[str, Mapping[str, int]] = {"en": _EN, "pl": _PL, "lt": _LT, "hu": _HU, "ru": _RU}
ENDINGS: Mapping[str, frozenset[str]] = {
    "en": frozenset(),
    "pl": frozenset({"a", "o", "ci", "cia", "cie", "iat"}),
    "lt": frozenset({"a", "as", "i", "ios", "is", "os"}),
    "hu": frozenset({"to"}),
    "ru": frozenset({"a", "e", "o"}),
}
"""What makes a beginning the word that is said when one counts: "vienas", "четыре", "dwadzieścia"."""

MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "pl": ("stycz", "lut", "mar", "kwie", "maj", "czerw", "lip", "sierp", "wrze", "pazdz", "listop", "grud"),
    "lt": ("saus", "vasar", "kov", "balandz", "geguz", "birzel", "liep", "rugpjuc", "rugsej", "spal", "lapkr", "gruod"),
    "hu": ("janu", "febr", "marc", "apri", "maj", "jun", "jul", "aug", "szept", "okto", "nove", "dece"),
    "ru": ("yanv", "fevr", "mart", "apre", "may", "iyun", "iyul", "avg", "sent", "okty", "noya", "deka"),
}
"""How the names of the months begin, January first."""
WHOLE_MONTHS: Mapping[str, int] = {"march": 3, "may": 5, "mai": 5, "maya": 5, "marzec": 3, "marca": 3}
