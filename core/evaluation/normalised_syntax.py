"""Syntax trees normalised to what influences results, so that equal code gives equal text."""

import ast
import copy
from collections.abc import Collection
from typing import Any

_UNSTABLE_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_params"})


def normalised(statement: ast.stmt, *, modules: Collection[str] = ()) -> ast.AST:
    """Copy of a statement without docstrings, annotations, imports and the texts of errors.

    Args:
        statement: A function, class, assignment or other statement.
        modules: Names of modules; an attribute of one of them is written without it.
    """
    found: ast.AST = _Normaliser(modules).visit(copy.deepcopy(statement))
    return found


def to_text(node: Any) -> str:
    """Text of a syntax tree that is the same in every version of Python."""
    if isinstance(node, list):
        return f"[{','.join(to_text(item) for item in node)}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (
        f"{name}={to_text(value)}"
        for name, value in ast.iter_fields(node)
        if name not in _UNSTABLE_FIELDS and value is not None and value != []
    )
    return f"{type(node).__name__}({','.join(fields)})"


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is a constant that stands alone."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


class _Normaliser(ast.NodeTransformer):
    """Removes from a statement what decides nothing."""

    def __init__(self, modules: Collection[str]) -> None:
        self._modules = modules
        self._fields: set[ast.AST] = set()

    def generic_visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if isinstance(body, list):
            unwanted = (ast.Import, ast.ImportFrom)
            kept = [one for one in body if not is_docstring(one) and not isinstance(one, unwanted)]
            node.body = kept  # type: ignore[attr-defined]
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, _marker(getattr(node, name)))
        return super().generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """In a class, an annotation makes an assignment the field of a dataclass."""
        self._fields.update(node.body)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node in self._fields or node.value is None:
            return self.generic_visit(node)
        return self.generic_visit(ast.Assign(targets=[node.target], value=node.value))

    def visit_keyword(self, node: ast.keyword) -> ast.AST | None:
        """A label is text for display and decides nothing."""
        return None if node.arg == "label" else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """The metadata of a dataclass's field decides nothing: what is left may be its default."""
        if isinstance(node.func, ast.Name) and node.func.id == "field":
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "metadata"]
            if [keyword.arg for keyword in node.keywords] == ["default"]:
                default: ast.AST = self.visit(node.keywords[0].value)
                return default
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        node.cause = None
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`webp.Webp` is `Webp`, whatever the module is called where it is defined."""
        if isinstance(node.value, ast.Name) and node.value.id in self._modules:
            return ast.Name(node.attr)
        return self.generic_visit(node)


def _marker(annotation: ast.expr) -> ast.expr | None:
    """A class variable is no field of a dataclass: that alone an annotation decides."""
    return ast.Name("ClassVar") if "ClassVar" in ast.dump(annotation) else None
