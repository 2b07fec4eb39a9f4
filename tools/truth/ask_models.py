"""What the default model of every class of transformers, diffusers and timm holds, and the files that it would be saved as.

Each class is built on the meta device, so that nothing is allocated. Below FOLDER a folder is made for each: its
config.json and a safetensors file of nothing but a header (its data a hole in the file), with the names that the
library's save_pretrained would write. Where names are left out since they are tied, a second folder has these, too.
FOLDER/told.jsonl has a line for each: how many parameters and buffers of the live model are saved, each once.

Usage: python tools/truth/ask_models.py FOLDER transformers|diffusers|timm [CLASS...]
Classes that told.jsonl has already are not asked again.
"""
import contextlib
import gc
import importlib
import inspect
import io
import json
import pkgutil
import re
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import torch
from caches import write_model

LIMIT = 60
RICHEST = "ForCausalLM|ForConditionalGeneration|ForMaskedLM|ForPreTraining"


class TooLong(Exception):
    pass


def on_alarm(*_):
    raise TooLong(f"takes longer than {LIMIT} seconds")


def held(tensors):
    return {name: [str(tensor.dtype).split(".")[1], *tensor.shape] for name, tensor in tensors.items()}


def saved_objects(model):
    """What is saved, by name: the very parameters and buffers, of which several names may have one."""
    objects = dict(model.named_parameters(remove_duplicate=False)) | dict(model.named_buffers(remove_duplicate=False))
    ignored = getattr(model, "_keys_to_ignore_on_save", None) or ()
    return {name: objects[name] for name in model.state_dict() if name in objects and name not in ignored}


def first_names(objects):
    seen, kept = set(), {}
    for name, one in objects.items():
        if id(one) not in seen:
            kept[name] = one
        seen.add(id(one))
    return kept


def told_of(model):
    objects = saved_objects(model)
    once = {id(one): one for one in objects.values()}.values()

    def elements(are_parameters):
        return sum(one.numel() for one in once if isinstance(one, torch.nn.Parameter) == are_parameters)

    return {"parameters": elements(True), "buffers": elements(False),
            "buffer_names": [name for name, one in objects.items() if not isinstance(one, torch.nn.Parameter)]}


class Transformers:
    file = "model.safetensors"

    def __init__(self):
        import transformers

        self.library = transformers
        transformers.logging.set_verbosity(transformers.logging.CRITICAL)

    def classes(self):
        """Name and what makes it; the first of a name counts."""
        import transformers.models as models

        found, kinds = {}, {}
        for package in pkgutil.iter_modules(models.__path__):
            for part in pkgutil.iter_modules([f"{models.__path__[0]}/{package.name}"]):
                if not part.name.startswith("modeling_"):
                    continue
                try:
                    module = importlib.import_module(f"transformers.models.{package.name}.{part.name}")
                except Exception as wrong:
                    print(f"{part.name}: {type(wrong).__name__}: {str(wrong)[:100]}")
                    continue
                for name, cls in vars(module).items():
                    if inspect.isclass(cls) and issubclass(cls, self.library.PreTrainedModel) and \
                            cls.__module__ == module.__name__ and not name.endswith("PreTrainedModel"):
                        if found.setdefault(name, cls) is cls:
                            kinds.setdefault(module.__name__, []).append(name)
        # One of each module first, the richest.
        first = {max(names, key=lambda name: bool(re.search(RICHEST, name))) for names in kinds.values()}
        return dict(sorted(found.items(), key=lambda item: item[0] not in first))

    def build(self, cls):
        if cls.config_class is None:
            raise TypeError("no configuration of its own")
        return cls._from_config(cls.config_class())

    def save(self, model):
        """As PreTrainedModel.save_pretrained does."""
        from transformers.core_model_loading import revert_weight_conversion
        from transformers.modeling_utils import remove_tied_weights_from_state_dict

        model.config.dtype = str(model.dtype).split(".")[1]
        model.config.architectures = [type(model).__name__]
        state = model.state_dict()
        for name in model._keys_to_ignore_on_save or ():
            state.pop(name, None)
        whole = revert_weight_conversion(model, dict(state))
        kept = revert_weight_conversion(model, remove_tied_weights_from_state_dict(dict(state), model))
        saved = {id(tensor): name for name, tensor in whole.items()}
        renamed = {name: saved.get(id(tensor), name) for name, tensor in state.items()}
        config = json.loads(model.config.to_json_string(use_diff=True))
        return config, held(kept), held(whole), model.config.model_type, renamed


class Diffusers:
    file = "diffusion_pytorch_model.safetensors"

    def __init__(self):
        import diffusers

        self.library = diffusers
        diffusers.utils.logging.set_verbosity(diffusers.logging.CRITICAL)

    def classes(self):
        found = {}
        for name in sorted(dir(self.library)):
            with contextlib.suppress(Exception):
                cls = getattr(self.library, name)
                if inspect.isclass(cls) and issubclass(cls, self.library.ModelMixin) and cls is not self.library.ModelMixin:
                    found[name] = cls
        return found

    def build(self, cls):
        return cls()

    def save(self, model):
        objects = saved_objects(model)
        return json.loads(model.to_json_string()), held(first_names(objects)), held(objects), "", {}


class Timm:
    """Its models are functions; one class makes many."""

    file = "model.safetensors"

    def __init__(self):
        import timm

        self.library = timm

    def classes(self):
        return {name: name for name in self.library.list_models()}

    def build(self, name):
        return self.library.create_model(name, pretrained=False)

    def save(self, model):
        from timm.models import save_config_for_hf

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "config.json"
            save_config_for_hf(model, path)
            config = json.loads(path.read_text())
        objects = saved_objects(model)
        return config, held(first_names(objects)), held(objects), type(model).__name__, {}


def ask(library, name, cls, folder):
    with torch.device("meta"):
        model = library.build(cls)
    told = told_of(model)
    config, kept, whole, kind, renamed = library.save(model)
    told["buffer_names"] = [renamed.get(name, name) for name in told["buffer_names"]]
    for path, tensors in ((folder / name, kept), (folder / f"{name}.whole", whole)):
        if tensors is whole and len(whole) == len(kept):
            continue
        path.mkdir(parents=True, exist_ok=True)
        write_model(path, {"tensors": tensors, "config": config}, library.file)
    return told | {"type": kind, "tied": len(whole) - len(kept)}


def main():
    root, word = Path(sys.argv[1]), sys.argv[2]
    library = {"transformers": Transformers, "diffusers": Diffusers, "timm": Timm}[word]()
    root.mkdir(parents=True, exist_ok=True)
    out = root / "told.jsonl"
    done = {(row["library"], row["class"]) for row in map(json.loads, out.read_text().splitlines())} if out.exists() else set()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, on_alarm)
    classes = library.classes()
    gc.freeze()  # a hundred modules of a library are not looked through again and again
    with out.open("a") as stream:
        for name, cls in classes.items():
            if (word, name) in done or (sys.argv[3:] and name not in sys.argv[3:]):
                continue
            row = {"library": word, "version": library.library.__version__, "class": name}
            signal.alarm(LIMIT)
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    row |= ask(library, name, cls, root / word)
            except KeyboardInterrupt:
                raise
            except BaseException as wrong:
                row["left_out"] = " ".join(f"{type(wrong).__name__}: {wrong}".split())[:150]
            signal.alarm(0)
            stream.write(json.dumps(row) + "\n")
            stream.flush()
            gc.collect()


if __name__ == "__main__":
    main()
