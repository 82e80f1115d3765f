"""Reads a module of the core and names what would keep a replay from agreeing with the day itself."""

import ast
from collections.abc import Iterator, Sequence

from tests.architecture.ladder import contract

BANNED_IMPORTS = frozenset(contract("The core does no I/O, reads no clock and draws no lots")["forbidden_modules"])

_BANNED_CALLS = {
    "__import__": "imports by name",
    "eval": "runs text",
    "exec": "runs text",
    "hash": "differs from process to process for text (PYTHONHASHSEED)",
    "id": "differs from process to process",
    "input": "does I/O",
    "open": "does I/O",
    "print": "does I/O",
}
_CLOCKS = {"now", "today", "utcnow"}
_SET_OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)


def faults_of(source: str) -> list[str]:
    """Return the faults of a core module's text, each as "LINE: what it does", in the order of the lines."""
    tree = ast.parse(source)
    allowed = {id(node) for method in _hash_methods(tree) for node in ast.walk(method)}
    found = [(line, fault) for node in ast.walk(tree) if id(node) not in allowed for line, fault in _faults_at(node)]
    return [f"{line}: {fault}" for line, fault in sorted(found)]


def _hash_methods(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Yield each `__hash__`: its value never leaves the process."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__hash__":
            yield node


def _faults_at(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Import(names=names):
            yield from _imports(node.lineno, [alias.name for alias in names])
        case ast.ImportFrom(module=str(module)):
            yield from _imports(node.lineno, [module])
        case ast.Global(names=names):
            yield node.lineno, f"global {', '.join(names)}: state belongs into State"
        case ast.Call(func=ast.Name(id=name)) if name in _BANNED_CALLS:
            yield node.lineno, f"{name}() {_BANNED_CALLS[name]}"
        case ast.Call(func=ast.Attribute() as method):
            yield from _method_call(node, method)
        case ast.For(iter=values) | ast.Starred(value=values) if _is_set(values):
            yield values.lineno, "goes through a set: its order differs from process to process, sort it"
        case ast.ListComp(generators=generators) | ast.DictComp(generators=generators):
            yield from _loops(generators)
    if isinstance(node, ast.Call):
        yield from _listed_sets(node)


def _imports(line: int, modules: Sequence[str]) -> Iterator[tuple[int, str]]:
    for module in modules:
        if module.partition(".")[0] in BANNED_IMPORTS:
            yield line, f"imports {module}"


def _method_call(call: ast.Call, method: ast.Attribute) -> Iterator[tuple[int, str]]:
    owner = ast.unparse(method.value).rpartition(".")[2]
    if owner in {"datetime", "date"} and method.attr in _CLOCKS:
        yield call.lineno, f"{owner}.{method.attr}() reads the clock: take `now` as an argument"
    if owner in {"datetime", "date"} and method.attr == "fromtimestamp" and len(call.args) + len(call.keywords) < 2:
        yield call.lineno, f"{owner}.fromtimestamp() without a zone takes the machine's"
    if method.attr == "astimezone" and not call.args and not call.keywords:
        yield call.lineno, "astimezone() without a zone takes the machine's"


def _loops(generators: Sequence[ast.comprehension]) -> Iterator[tuple[int, str]]:
    for loop in generators:
        if _is_set(loop.iter):
            yield loop.iter.lineno, "goes through a set: its order differs from process to process, sort it"


def _listed_sets(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Yield where a set becomes a sequence: `list(set(...))`, `tuple({...})`, `",".join(set(...))` and their like."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    if name in {"list", "tuple", "iter", "enumerate", "join", "fromkeys"} and call.args and _is_set(call.args[0]):
        yield call.lineno, f"{name}() of a set: its order differs from process to process, sort it"


def _is_set(node: ast.expr) -> bool:
    """Tell whether `node` is a set as far as its text shows; a variable that holds one goes unseen."""
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in {"set", "frozenset"}
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _SET_OPERATORS):
            return _is_set(left) or _is_set(right) or _is_key_view(left) or _is_key_view(right)
    return False


def _is_key_view(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"keys", "items"}
