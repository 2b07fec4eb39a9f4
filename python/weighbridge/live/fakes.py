"""Fake tensors made fast: a shape, a stride and a dtype on the CPU, and no memory behind them.

They are PyTorch's FakeTensors. Its FakeTensorMode takes two seconds to make, since it imports PyTorch's
compiler, and 0.1 ms for an operator; so the meta kernels are called directly wherever that gives the same.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

CPU = torch.device("cpu")
META = torch.device("meta")
_make_subclass: Any = torch.Tensor._make_subclass  # type: ignore[attr-defined]
_empty_strided = torch.empty_strided
_no_dispatch = torch._C._DisableTorchDispatch
_to_meta = torch._C._set_meta_in_tls_dispatch_include


class _KeepKeys:
    """What `_PreserveDispatchKeyGuard` does for the one key that is set here: PyTorch 2.1 does not have it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _to_meta(False)


_keep_keys: Any = getattr(torch._C, "_PreserveDispatchKeyGuard", _KeepKeys)


class LateMode(FakeTensorMode):
    """A FakeTensorMode that is made when it is first entered or asked for what the constructor sets."""

    def __init__(self) -> None:
        self._is_made = False
        # All that a FakeTensor asks for.
        self.in_kernel_invocation = False
        self.allow_meta = False
        self._allow_unsafe_data_ptr_access = True

    def __getattr__(self, name: str) -> Any:
        if self.__dict__.get("_is_made", True) or name.startswith("__"):
            raise AttributeError(f"'FakeTensorMode' object has no attribute '{name}'")
        self._make()
        return getattr(self, name)

    def __enter__(self) -> Any:
        if not self._is_made:
            self._make()
        return super().__enter__()

    def _make(self) -> None:
        self._is_made, inside = True, self.in_kernel_invocation
        super().__init__(allow_non_fake_inputs=True)
        self.in_kernel_invocation = inside


class Fakes:
    """Makes the fake tensors of one dry run, all of one FakeTensorMode and all on the CPU."""

    def __init__(self) -> None:
        self.mode = LateMode()
        elem = torch.empty(1, device=META)
        self._template = dict(FakeTensor(self.mode, elem, CPU).__dict__)

    def wrap(self, elem: torch.Tensor) -> torch.Tensor:
        """The fake tensor of a meta tensor. A third of the constructor's time: it only copies."""
        fake: torch.Tensor = _make_subclass(
            FakeTensor, elem, elem.requires_grad, dispatch_device=True, device_for_backend_keys=CPU
        )
        fake.__dict__.update(self._template)
        return fake

    def make(self, shape: Any, stride: Any, dtype: torch.dtype, requires_grad: bool = False) -> torch.Tensor:
        """A fake of this shape, stride (in elements) and dtype."""
        elem = _empty_strided(shape, stride, dtype=dtype, device=META)
        fake: torch.Tensor = _make_subclass(
            FakeTensor, elem, requires_grad, dispatch_device=True, device_for_backend_keys=CPU
        )
        fake.__dict__ = self._template.copy()
        return fake

    def parameter(self, shape: Any, stride: Any, dtype: torch.dtype, requires_grad: bool) -> Any:
        """As `make`, and to `nn.Module` it is a parameter: without the operator that nn.Parameter(fake) would run."""
        fake: Any = self.make(shape, stride, dtype, requires_grad)
        fake._is_param = True
        return fake

    def run(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """What the meta kernel of the operator gives for fakes. (PyTorch's in_kernel_invocation_manager, made fast.)"""
        with _no_dispatch(), _keep_keys():
            self.mode.in_kernel_invocation = True
            _to_meta(True)
            try:
                out = func(*args, **kwargs)
            finally:
                self.mode.in_kernel_invocation = False
        return self._dress(out)

    def _dress(self, out: Any) -> Any:
        if isinstance(out, torch.Tensor):
            return out if isinstance(out, FakeTensor) else self.wrap(out)
        if isinstance(out, (list, tuple)):
            return type(out)([self._dress(item) for item in out])
        return out

    def of(self, tensor: torch.Tensor) -> torch.Tensor:
        """The fake of any tensor: itself if it is one, else one that looks the same."""
        # Exactly these: a subclass may be a wrapper of other tensors, which FakeTensorMode knows.
        if type(tensor) in (torch.Tensor, torch.nn.Parameter) and is_plain(tensor):
            return self.make(tensor.shape, tensor.stride(), tensor.dtype)
        if isinstance(tensor, FakeTensor):
            return tensor
        if tensor.device.type == "meta" and tensor.layout is torch.strided:
            return self.wrap(tensor.detach())
        fake = self.mode.from_tensor(tensor.detach())
        if tensor.layout is not torch.strided:
            fake.weighed_entries = entries_of(tensor)  # type: ignore[attr-defined]
        return fake


def is_plain(tensor: torch.Tensor) -> bool:
    """Whether shape, stride and dtype say all of the tensor."""
    return (
        tensor.layout is torch.strided
        and not tensor.is_quantized
        and not tensor.is_nested
        and not tensor.is_conj()
        and not tensor.is_neg()
    )


def is_plain_parameter(tensor: torch.Tensor) -> bool:
    """Whether it is one as PyTorch makes it, to which nothing was added: most are, by far."""
    return type(tensor) is torch.nn.Parameter and not tensor.__dict__ and is_plain(tensor)


def entries_of(tensor: torch.Tensor) -> int | None:
    """How many entries a sparse tensor holds; None where it is not known."""
    known = getattr(tensor, "weighed_entries", None)
    if known is not None or isinstance(tensor, FakeTensor):
        return known
    if tensor.layout is torch.sparse_coo:
        return int(tensor._nnz())
    return int(tensor.values().numel())
