"""
The core of weighbridge: models as values, their totals and tables. Private; import weighbridge.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload


def version() -> str:
    """That of the program and the library."""

class Count:
    """
    A number that knows whether it is exact; its text is an expression. It equals a number or a count where it is exact, and nothing where it is not.
    """

    @property
    def known(self) -> int:
        """The known part, a lower bound."""

    @property
    def exact(self) -> bool: ...

    def __str__(self) -> str: ...

    def __repr__(self) -> str: ...

    def __int__(self) -> int: ...

    @overload
    def __eq__(self, arg: int, /) -> bool: ...

    @overload
    def __eq__(self, arg: Count, /) -> bool: ...

    @overload
    def __eq__(self, arg: object | None, /) -> bool: ...

    def __hash__(self) -> int: ...

class Note:
    """An oddity that did not stop the reading."""

    @property
    def code(self) -> str: ...

    @property
    def place(self) -> str: ...

    @property
    def message(self) -> str: ...

    def __repr__(self) -> str: ...

class Tensor:
    """A parameter or a buffer: a view, without elements."""

    @overload
    def __eq__(self, arg: Tensor, /) -> bool: ...

    @overload
    def __eq__(self, arg: object | None, /) -> bool: ...

    def __hash__(self) -> int: ...

    @property
    def path(self) -> str: ...

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """
        Sizes, None for one that is not known; None where not even the rank is.
        """

    @property
    def dtype(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def requires_grad(self) -> bool | None:
        """None where it is not recorded."""

    @property
    def numel(self) -> Count: ...

    @property
    def bytes(self) -> Count: ...

    @property
    def tied_to(self) -> str | None:
        """Path of the tensor that it is the same memory as, or None."""

class Module:
    """A module: a view."""

    @overload
    def __eq__(self, arg: Module, /) -> bool: ...

    @overload
    def __eq__(self, arg: object | None, /) -> bool: ...

    def __hash__(self) -> int: ...

    @property
    def path(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def mode(self) -> str | None:
        """'train' or 'eval'; None where it is not recorded."""

    @property
    def lazy(self) -> bool: ...

    @property
    def in_shape(self) -> Any: ...

    @property
    def out_shape(self) -> Any: ...

    @property
    def flops(self) -> Count | None:
        """
        Of one forward, 2 for a multiply-add; None where no forward was looked at.
        """

    @property
    def backward_flops(self) -> Count | None: ...

    @property
    def activation_bytes(self) -> Count | None: ...

    @property
    def calls(self) -> int | None: ...

class Modules:
    """All modules, the root first and a parent before its children."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, arg: int, /) -> Module:
        """Counts from the end where it is negative. Raises IndexError."""

    @overload
    def __getitem__(self, arg: slice, /) -> list[Module]: ...

    @overload
    def __getitem__(self, arg: str, /) -> Module:
        """By its full name. Raises KeyError."""

    def __iter__(self) -> Iterator[Module]: ...

    @overload
    def __contains__(self, arg: str, /) -> bool: ...

    @overload
    def __contains__(self, arg: Module, /) -> bool: ...

    @overload
    def __contains__(self, arg: object | None, /) -> bool: ...

class Tensors:
    """All parameters and buffers, in the order of the file."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, arg: int, /) -> Tensor:
        """Counts from the end where it is negative. Raises IndexError."""

    @overload
    def __getitem__(self, arg: slice, /) -> list[Tensor]: ...

    @overload
    def __getitem__(self, arg: str, /) -> Tensor:
        """By its full name. Raises KeyError."""

    def __iter__(self) -> Iterator[Tensor]: ...

    @overload
    def __contains__(self, arg: str, /) -> bool: ...

    @overload
    def __contains__(self, arg: Tensor, /) -> bool: ...

    @overload
    def __contains__(self, arg: object | None, /) -> bool: ...

class Model:
    """What a file, a directory or a live module is made of."""

    @property
    def source(self) -> str:
        """What the reader was given."""

    @source.setter
    def source(self, arg: str, /) -> None: ...

    @property
    def format(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def architecture(self) -> str: ...

    @property
    def metadata(self) -> list[tuple[str, str]]:
        """Recorded facts worth showing, as pairs."""

    @property
    def notes(self) -> list[Note]:
        """
        Oddities that did not stop the reading, and what is found in its numbers.
        """

    @property
    def modules(self) -> Modules: ...

    @property
    def tensors(self) -> Tensors: ...

    def summary(self, depth: int | None = None, fold: bool = True, sort: str = 'definition', top: int = 0, filter: str = '') -> Summary:
        """
        Rows and totals. depth: levels of modules; 0 totals only, -1 all; None: 1, and wrappers are opened.
        """

    @property
    def totals(self) -> Totals: ...

    def __repr__(self) -> str: ...

    def to_json(self) -> str:
        """Everything, as docs/json.md says."""

    def to_dict(self) -> dict[str, Any]: ...

    def to_frame(self) -> Any: ...

    def __rich__(self) -> object: ...

class Row:
    """
    One line: a module with all below it, or identical siblings folded into one.
    """

    @property
    def path(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def depth(self) -> int: ...

    @property
    def repeat(self) -> int: ...

    @property
    def own_only(self) -> bool: ...

    @property
    def lazy(self) -> bool: ...

    @property
    def tied(self) -> bool: ...

    @property
    def module(self) -> Module: ...

    @property
    def mode(self) -> str | None:
        """
        'train' or 'eval'; None where it is not recorded, or the row is no module.
        """

    @property
    def parameters(self) -> Count: ...

    @property
    def trainable(self) -> Count | None:
        """None where it is not recorded of each."""

    @property
    def buffers(self) -> Count: ...

    @property
    def bytes(self) -> Count: ...

class DTypeShare:
    """Tensors of one dtype."""

    @property
    def dtype(self) -> str:
        """PyTorch's name; 'unknown'."""

    @property
    def elements(self) -> int:
        """As they are stored."""

    @property
    def bytes(self) -> int: ...

class Section:
    """A part of a file. Totals are of those of the kind 'model' alone."""

    @property
    def name(self) -> str:
        """The key that holds it, or ''."""

    @property
    def kind(self) -> str:
        """'model', 'copy' (averages of a model) or 'optimizer_state'."""

    @property
    def path(self) -> str | None:
        """Of its module; None for an optimizer state."""

    @property
    def tensors(self) -> int: ...

    @property
    def bytes(self) -> Count: ...

class Totals:
    """What a model amounts to; ties are counted once. docs/counting.md"""

    @property
    def parameters(self) -> Count:
        """Elements of parameters."""

    @property
    def trainable(self) -> Count | None:
        """Those that require a gradient; None where it is not recorded of each."""

    @property
    def non_trainable(self) -> Count | None:
        """The others; None where `trainable` is."""

    @property
    def buffers(self) -> Count:
        """Elements of buffers."""

    @property
    def bytes(self) -> Count:
        """Of parameters and buffers, by their own dtypes."""

    @property
    def exact(self) -> bool:
        """Whether parameters and buffers are known to the last one."""

    @property
    def roles_inferred(self) -> bool:
        """
        Whether some tensor is a parameter or a buffer by its name and dtype alone.
        """

    @property
    def evidence(self) -> dict[str, float]:
        """
        Of the weights, how many per cent are known to be what they are counted as by which evidence: recorded, derived, by_convention, assumed. Source: docs/counting.md.
        """

    @property
    def uninitialized_parameters(self) -> int:
        """Tensors, not elements."""

    @property
    def uninitialized_buffers(self) -> int:
        """Tensors, not elements."""

    @property
    def tensors(self) -> int:
        """Names of tensors, ties included."""

    @property
    def modules(self) -> int:
        """Below the root; one that has two names counts once."""

    @property
    def train_modules(self) -> int | None:
        """
        How many of `modules` are in train mode; None where modes are not recorded.
        """

    @property
    def eval_modules(self) -> int | None:
        """
        How many of `modules` are in eval mode; None where modes are not recorded.
        """

    @property
    def by_dtype(self) -> list[DTypeShare]:
        """
        Elements as they are stored, and their bytes, by dtype; most bytes first.
        """

    @property
    def overhead_bytes(self) -> int:
        """
        Of scales, zero points and what else belongs to packed weights; part of the buffers.
        """

    @property
    def optimizer_tensors(self) -> int:
        """Of optimizer states, which count nowhere else."""

    @property
    def optimizer_bytes(self) -> int:
        """Of optimizer states, which count nowhere else."""

    @property
    def active_parameters(self) -> int | None:
        """
        What a token of text uses of a mixture of experts; None for others, or where nobody tells.
        """

    @property
    def active_without_embedding(self) -> int | None:
        """The same without the input embedding, of which a token uses one row."""

    @property
    def flops(self) -> Count | None:
        """
        Of one forward, 2 for a multiply-add; None where no forward was looked at.
        """

    @property
    def backward_flops(self) -> Count | None:
        """
        Of the backward pass, 0 where it was not asked for; None where no forward was looked at.
        """

    @property
    def activation_bytes(self) -> Count | None:
        """
        What the operators of one forward return, views left out; None where no forward was looked at.
        """

class Summary:
    """Totals and rows of a model for one depth."""

    @property
    def totals(self) -> Totals: ...

    @property
    def rows(self) -> list[Row]: ...

    @property
    def sections(self) -> list[Section]:
        """Parts of the file, in its order: models, averages, optimizer states."""

    @property
    def uninitialized(self) -> list[Tensor]:
        """Tensors that have no shape or no memory yet."""

    def render(self, format: str = 'table', *, exact: bool = False, unicode: bool = True, width: int = 0, color: bool = False, columns: Sequence[str] = [], own_columns: dict[str, Callable[[Row], object]] = {}) -> str:
        """
        As text: table, lightning, json, csv, markdown, html, html_table, svg, cyclonedx or spdx. `own_columns` are functions of a row, by title.
        """

    def __repr__(self) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...

    def to_frame(self) -> Any: ...

    def __rich__(self) -> object: ...

def read(path: str, locations: bool = False) -> Model:
    """
    Reads a model file, an index of shards or a directory. Executes nothing in it, reads no weight.
    """

def formats() -> dict[str, str]:
    """Names of the formats that are understood, with a line about each."""

class LiveBuilder:
    """A live module that is told piece by piece: private to the package."""

    def __init__(self, architecture: str) -> None: ...

    def set_mode(self, module: int, training: bool | None) -> None: ...

    def add_module(self, parent: int, name: str, type: str, training: bool | None) -> int: ...

    def add_alias(self, parent: int, name: str, original: int) -> int: ...

    def know(self, module: int, classes: Sequence[tuple[str, str]], attributes: dict[str, Any]) -> None: ...

    def add_tensor(self, module: int, name: str, shape: Sequence[int] | None, dtype: str, *, is_buffer: bool = False, requires_grad: bool | None = None, state: str = 'initialised', tied_to: int | None = None, stored_bytes: int = 0, layout: str = 'strided', logical: int | None = None, scheme: str = '', is_overhead: bool = False) -> int: ...

    def set_run(self, module: int, inputs: object | None, outputs: object | None, flops: tuple[int, bool], backward_flops: tuple[int, bool], activation_bytes: tuple[int, bool], calls: int) -> None: ...

    def add_note(self, code: str, place: str, message: str) -> None: ...

    def finish(self) -> Model: ...

class PlainLayers:
    """Tells layers all of whose tensors are plain: private to the package."""

    def __init__(self, types: tuple[type, ...], layout: object, of_dtype: Callable[[Any], tuple[str, int]], told: dict[int, Any], tensors: dict[object, int]) -> None: ...

    def add(self, live: LiveBuilder, module: int, parameters: dict[str, Any], buffers: dict[str, Any]) -> bool: ...

class Distance:
    """How far apart numbers of one dtype are."""

    @property
    def elements(self) -> int:
        """That were compared."""

    @property
    def differing(self) -> int:
        """Of which the bits differ."""

    @property
    def not_numbers(self) -> int:
        """Of these, where one of the two is not finite."""

    @property
    def has_numbers(self) -> bool:
        """False: packed, and compared by bytes."""

    @property
    def largest(self) -> float:
        """Of |a - b|."""

    @property
    def mean(self) -> float:
        """Of |a - b|."""

class Difference:
    """A tensor or module, or those at one place of numbered siblings."""

    @property
    def change(self) -> str:
        """'changed', 'moved', 'went' or 'came'."""

    @property
    def is_module(self) -> bool: ...

    @property
    def a(self) -> str | None:
        """Its path in A; None where it came."""

    @property
    def b(self) -> str | None:
        """Its path in B; None where it went."""

    @property
    def last_a(self) -> str | None:
        """Of several the last."""

    @property
    def last_b(self) -> str | None: ...

    @property
    def repeat(self) -> int:
        """How many they are."""

    @property
    def tensors(self) -> int: ...

    @property
    def facts(self) -> list[str]:
        """In what they differ: 'shape', 'dtype', …"""

    @property
    def evidence(self) -> str: ...

    @property
    def likeness(self) -> int:
        """In per cent."""

    @property
    def distance(self) -> Distance: ...

class Diff:
    """What differs between two models."""

    @property
    def equal(self) -> bool: ...

    @property
    def foreign(self) -> bool:
        """Rather two models than two states of one."""

    @property
    def differences(self) -> list[Difference]: ...

    @property
    def settings(self) -> list[tuple[str, tuple[str, str]]]:
        """What configurations tell, where it differs: (name, (in A, in B))."""

    @property
    def tensors(self) -> dict[str, int]:
        """How many are equal, changed, moved, went and came."""

    @property
    def not_compared(self) -> int:
        """Equal tensors whose values could not be compared."""

    @property
    def not_compared_why(self) -> str: ...

    def render(self, format: str = 'table', *, top: int = 0, unicode: bool = True, width: int = 0, color: bool = False) -> str:
        """As text: table, json or markdown; of `top` differences (0: all)."""

    def to_json(self) -> str:
        """Everything, as docs/diff.md says."""

    def __repr__(self) -> str: ...

def diff(a: Model, b: Model, *, maps: Mapping[str, str] = {}, least_likeness: int = 50, fold: bool = True, values: bool = False) -> Diff: ...

class Finding:
    """What became of a gate."""

    @property
    def rule(self) -> str: ...

    @property
    def verdict(self) -> str:
        """
        'passed', 'failed', or 'undecided': what it asks for is not known, which is no pass.
        """

    @property
    def message(self) -> str: ...

    @property
    def places(self) -> list[str]:
        """Modules or tensors that it is about: the first of them."""

    @property
    def all_places(self) -> int:
        """How many they are."""

class Checked:
    """A model and what was found of it."""

    @property
    def source(self) -> str: ...

    @property
    def findings(self) -> list[Finding]: ...

    @property
    def passed(self) -> bool:
        """Whether all gates passed."""

    def render(self, format: str = 'table', *, unicode: bool = True, width: int = 0, color: bool = False) -> str:
        """As text: table, json, junit, sarif or github."""

    def __repr__(self) -> str: ...

def rules() -> dict[str, str]:
    """The rules that there are, with their purposes."""

def check(model: Model, rules: Mapping[str, Sequence[str]], policy: str | None = None) -> Checked: ...

class PlanLine:
    """What takes how much memory, and how that is known."""

    @property
    def what(self) -> str:
        """'weights', 'gradients', …"""

    @property
    def bytes(self) -> int:
        """Of the whole model, once."""

    @property
    def bytes_on_each(self) -> int:
        """On the device that holds most."""

    @property
    def exact(self) -> bool:
        """False: a bound."""

    @property
    def how(self) -> str:
        """The formula, with its numbers."""

    @property
    def evidence(self) -> str: ...

class Verdict:
    """Whether a plan fits a machine, by what is counted, and what would."""

    @property
    def device(self) -> str: ...

    @property
    def device_bytes(self) -> int:
        """Of one device."""

    @property
    def count(self) -> int:
        """Of devices."""

    @property
    def fits(self) -> bool: ...

    @property
    def left(self) -> int:
        """Bytes on each device for what is not counted, where it fits."""

    @property
    def lacking(self) -> int:
        """Bytes on each device, where it does not fit."""

    @property
    def fewest_devices(self) -> int | None:
        """That hold it, shared in the way that was asked for, or None."""

    @property
    def longest_context(self) -> int | None:
        """At this batch; None where nothing counted grows with it."""

    @property
    def largest_batch(self) -> int | None:
        """At this context; None where nothing counted grows with it."""

class Plan:
    """How much memory a model takes, line by line."""

    @property
    def source(self) -> str: ...

    @property
    def purpose(self) -> str:
        """'serve' or 'train'."""

    @property
    def devices(self) -> int: ...

    @property
    def lines(self) -> list[PlanLine]: ...

    @property
    def bytes(self) -> int:
        """Sum of the lines."""

    @property
    def bytes_on_each(self) -> int:
        """On the device that holds most."""

    @property
    def exact(self) -> bool:
        """False: the sum is a lower bound, and `not_counted` says why."""

    @property
    def not_counted(self) -> list[str]:
        """What is not in the sum, a sentence each."""

    @property
    def machine(self) -> Verdict | None:
        """Whether it fits `device`; None where none was asked for."""

    def render(self, format: str = 'table', *, exact: bool = False, unicode: bool = True, width: int = 0, color: bool = False) -> str:
        """As text: table, json, markdown or html_table."""

    def to_json(self) -> str:
        """Everything, as docs/plan.md says."""

    def __repr__(self) -> str: ...

    def to_dict(self) -> dict[str, Any]: ...

    def __rich__(self) -> object: ...

def plan(summary: Summary, *, train: bool = False, weights: str = '', context: int | None = None, batch: int = 1, kv_dtype: str | None = None, precision: str | None = None, optimizer: str = '', master_weights: bool = False, checkpointing: bool = False, zero: int = 0, lora: int | None = None, lora_targets: Sequence[str] = [], data_parallel: int | None = None, tensor_parallel: int | None = None, pipeline_parallel: int = 1, expert_parallel: int = 1, device: str | None = None, kept: Sequence[int] | None = None, kept_all: bool = True) -> Plan: ...
