"""Plural forms of whole numbers (Unicode CLDR, "Language Plural Rules")."""


def one_other(number: int) -> str:
    """English, Hungarian: 1 agent, 2 agents."""
    return "one" if number == 1 else "other"


def polish(number: int) -> str:
    """1 konsultant, 2 konsultanci, 5 konsultantów, 21 konsultantów."""
    if number == 1:
        return "one"
    return "few" if _ends_in(number, 2, 4) else "many"


def russian(number: int) -> str:
    """1 оператор, 2 оператора, 5 операторов, 21 оператор."""
    if _ends_in(number, 1, 1):
        return "one"
    return "few" if _ends_in(number, 2, 4) else "many"


def lithuanian(number: int) -> str:
    """1 konsultantas, 2 konsultantai, 10 konsultantų, 21 konsultantas."""
    if number % 100 in range(11, 20) or number % 10 == 0:
        return "other"
    return "one" if number % 10 == 1 else "few"


def _ends_in(number: int, low: int, high: int) -> bool:
    """Tell whether the last digit is from `low` to `high`, numbers in -teen left out."""
    return low <= number % 10 <= high and number % 100 not in range(11, 20)
