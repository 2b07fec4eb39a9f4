"""What every model class of transformers does by itself, asked of the library: one JSON line for each model type.

Of the default configuration: whether the class ties its embeddings, what each layer keeps while text is made, and which
floating-point buffers the state dict holds. Models are built on the meta device, so nothing is allocated or computed.

Usage: python tools/conventions/ask_transformers.py FILE.jsonl [TYPE...]
Types that FILE.jsonl tells already are not asked again. One that takes longer than LIMIT seconds is left out.
"""
import contextlib
import importlib
import inspect
import io
import json
import re
import signal
import sys
import warnings
from pathlib import Path

import transformers
from transformers import AutoConfig, PreTrainedModel
from transformers.cache_utils import get_layer_types_and_kwargs
from transformers.core_model_loading import revert_weight_conversion
from transformers.models.auto import modeling_auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

import torch

LIMIT = 120
FORWARD_LIMIT = 20
LAYERS = 24  # of a class that is asked for its pattern
# Of defaults that leave them out, which files of the type do not.
EXPERTS = {"n_routed_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1}
PERIOD_KEYS = ("sliding_window_pattern", "full_attention_interval", "full_attn_every_n_layers",
               "global_attn_every_n_layers", "attn_layer_period")
WINDOW = {"use_sliding_window": True, "sliding_window": 8}
CACHES = r"(?<!class )\b\w+Cache\("  # where one is made
# From the most to the least that a checkpoint of the type may hold.
TASKS = ("CAUSAL_LM", "IMAGE_TEXT_TO_TEXT", "SEQ_TO_SEQ_CAUSAL_LM", "SPEECH_SEQ_2_SEQ", "MULTIMODAL_LM", "PRETRAINING",
         "MASKED_LM", "OBJECT_DETECTION", "CTC", "IMAGE_CLASSIFICATION", "")


class TooLong(Exception):
    pass


def on_alarm(*_):
    raise TooLong(f"takes longer than {LIMIT} seconds")


def class_names(model_type, cls):
    """The classes that transformers builds for the type, the richest first."""
    found = []
    for task in TASKS:
        name = f"MODEL_FOR_{task}_MAPPING_NAMES" if task not in ("", "PRETRAINING") else \
            ("MODEL_MAPPING_NAMES" if task == "" else "MODEL_FOR_PRETRAINING_MAPPING_NAMES")
        names = getattr(modeling_auto, name, {}).get(model_type, ())
        found += [names] if isinstance(names, str) else list(names)
    if not found:  # a part of a larger model
        with contextlib.suppress(ImportError):
            module = importlib.import_module(cls.__module__.replace(".configuration_", ".modeling_"))
            found = [name for name, value in vars(module).items()
                     if isinstance(value, type) and issubclass(value, PreTrainedModel) and value.config_class is cls
                     and not name.endswith("PreTrainedModel")]
    return list(dict.fromkeys(found))


def build(model_type, cls, name, config):
    module = sys.modules.get(cls.__module__.replace(".configuration_", ".modeling_"))
    model_class = getattr(transformers, name, None) or getattr(module, name)
    with torch.device("meta"):
        return model_class._from_config(config)


def models_of(model_type, cls, config):
    """The richest class that can be built of the default configuration, and the plain one."""
    names = class_names(model_type, cls)
    error = None
    built = []
    for name in dict.fromkeys(names[:3] + names[-1:]):
        if built and name != names[-1]:
            continue
        try:
            built.append(build(model_type, cls, name, config))
        except TooLong:
            raise
        except Exception as wrong:
            error = f"{type(wrong).__name__}: {wrong}"
    if names and not built:
        raise RuntimeError(error)
    return built


def names_in_files(model):
    """By name in the state dict the name that save_pretrained writes, which may be an older one."""
    state = model.state_dict()
    saved = {}
    with contextlib.suppress(Exception):
        saved = {id(tensor): name for name, tensor in revert_weight_conversion(model, dict(state)).items()}
    return {name: saved.get(id(tensor), name) for name, tensor in state.items()}


def buffers_of(model):
    """Floating-point buffers of the state dict, each with the module that holds it; no numbers."""
    found, saved = set(), names_in_files(model)
    for path, module in model.named_modules():
        for name, buffer in module.named_buffers(recurse=False):
            if name in module._non_persistent_buffers_set or not buffer.is_floating_point():
                continue
            whole = f"{path}.{name}" if path else name
            for known in (whole, saved.get(whole, whole)):
                steps = [step for step in known.split(".") if not step.isdigit()]
                found.add(".".join(steps[-2:]))
    return found


def default_of(cls):
    """The default configuration; with experts, where a default without them cannot be built."""
    config = cls()
    left_out = {key: value for key, value in EXPERTS.items() if hasattr(config, key) and getattr(config, key) is None}
    return cls(**left_out) if {"n_routed_experts", "num_experts"} & set(left_out) else config


def cached_kinds(config):
    """What each layer keeps, by the library's own rule."""
    kinds, _ = get_layer_types_and_kwargs(config)
    return kinds


def with_layers(cls, layers, **more):
    try:
        config = cls(num_hidden_layers=layers, **more).get_text_config(decoder=True)
        kinds = cached_kinds(config)
        return kinds if len(kinds) == layers else None
    except Exception:
        return None


def pattern_of(cls):
    """The kinds of a model of LAYERS layers, and keys that change how often they repeat."""
    kinds = with_layers(cls, LAYERS)
    if kinds is None:
        return None, []
    keys = []
    for key in PERIOD_KEYS:
        other = with_layers(cls, LAYERS, **{key: 3})
        another = with_layers(cls, LAYERS, **{key: 5})
        if other and another and other != another:
            keys.append(key)
    # Some look back at a window only where the configuration says so, and then from one layer on.
    few = with_layers(cls, LAYERS, **WINDOW, max_window_layers=3)
    more = with_layers(cls, LAYERS, **WINDOW, max_window_layers=5)
    if few and more and few != more:
        keys.append("max_window_layers")
    return kinds, keys


def forward_keeps(model, config):
    """Whether a forward of text comes with a cache; of each layer its class and whether it holds keys."""
    names = inspect.signature(model.forward).parameters
    if "input_ids" not in names and "decoder_input_ids" not in names:
        return False, []
    with torch.device("meta"):
        ids = torch.ones(1, 4, dtype=torch.long)
        inputs = {}
        if "input_ids" in names:
            inputs["input_ids"] = ids
        elif "input_features" in names:
            inputs["input_features"] = torch.ones(1, getattr(config, "num_mel_bins", 80), 3000)
        if "decoder_input_ids" in names:
            inputs["decoder_input_ids"] = ids
        if "use_cache" in names:
            inputs["use_cache"] = True  # which a default configuration may forbid: MPT's
        model.eval()
        with torch.no_grad():
            out = model(**inputs)
    cache = None
    for key in ("past_key_values", "cache_params"):
        value = getattr(out, key, None)
        if value is not None:
            cache = value
    if cache is None:
        is_elsewhere = any(getattr(out, key, None) is not None for key in ("past_buckets_states", "mems", "state"))
        is_elsewhere |= "linear_attention" in (getattr(config, "layer_types", None) or ())
        return None if is_elsewhere else False, []
    layers = getattr(getattr(cache, "self_attention_cache", cache), "layers", [])
    return True, [[type(layer).__name__, getattr(layer, "keys", None) is not None] for layer in layers]


def source_keeps(model):
    """The same by the text of the classes, where the forward wants more than text."""
    for module in model.modules():
        if module.__class__.__module__.startswith("transformers.models."):
            own = getattr(module, "config", None)
            if getattr(own, "is_decoder", None) is False and not own.is_encoder_decoder:
                continue  # it would, if it were told to be a decoder
            with contextlib.suppress(OSError, TypeError):
                text = inspect.getsource(type(module).forward)
                if re.search(CACHES, text):
                    return True
    return False


def module_keeps(cls, config):
    """The same where nothing can be built."""
    if getattr(config, "is_decoder", None) is False and not config.is_encoder_decoder:
        return False
    with contextlib.suppress(Exception):
        module = importlib.import_module(cls.__module__.replace(".configuration_", ".modeling_"))
        return re.search(CACHES, inspect.getsource(module)) is not None
    return None


def ask(model_type):
    cls = type(AutoConfig.for_model(model_type))
    config = default_of(cls)
    text = config.get_text_config(decoder=True)
    tied = getattr(config, "tie_word_embeddings", None)
    kinds, keys = pattern_of(cls)
    told = {"type": model_type, "tied": None if tied is None else bool(tied),
            "text_type": text.model_type if text is not config else None, "kinds": kinds, "period_keys": keys,
            "is_decoder": getattr(text, "is_decoder", None), "is_encoder_decoder": bool(config.is_encoder_decoder),
            "classes": class_names(model_type, cls)}
    try:
        models = models_of(model_type, cls, config)
    except RuntimeError as wrong:
        return told | {"not_built": str(wrong)[:300], "keeps": module_keeps(cls, text), "keeps_by": "source"}
    told["built"] = [type(model).__name__ for model in models]
    told["buffers"] = sorted(set().union(*[buffers_of(model) for model in models])) if models else []
    if models:
        model = models[0]
        told["ties"] = bool(getattr(model, "all_tied_weights_keys", None))
        try:
            signal.alarm(FORWARD_LIMIT)
            told["keeps"], told["cache"] = forward_keeps(model, config)
            told["keeps_by"] = "forward"
        except Exception as wrong:
            told["keeps"] = source_keeps(model)
            told["keeps_by"] = f"source: {type(wrong).__name__}: {wrong}"[:200]
    return told


def main():
    out = Path(sys.argv[1])
    done = {json.loads(line)["type"] for line in out.read_text().splitlines()} if out.exists() else set()
    types = sys.argv[2:] or list(CONFIG_MAPPING_NAMES)
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, on_alarm)
    with out.open("a") as stream:
        for model_type in types:
            if model_type in done:
                continue
            signal.alarm(LIMIT)
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                    told = ask(model_type)
            except BaseException as wrong:
                if isinstance(wrong, KeyboardInterrupt):
                    raise
                told = {"type": model_type, "left_out": f"{type(wrong).__name__}: {wrong}"[:300]}
            signal.alarm(0)
            stream.write(json.dumps(told) + "\n")
            stream.flush()


if __name__ == "__main__":
    main()
