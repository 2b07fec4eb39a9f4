"""What the caches of transformers' model classes hold, asked of the library: one JSON line for each model type.

Each type is built by its default configuration on the meta device (windows shortened to WINDOW tokens), its forward is
run on texts of two lengths, and the shapes of all that its cache holds are told, layer by layer, beside the
configuration as it would be saved and the names, dtypes and shapes of its state dict.

Usage: python tools/truth/ask_caches.py FILE.jsonl [I/N | TYPE...]
Types that FILE.jsonl tells already are not asked again. I/N: the I-th of N shares, from 0 on.
"""
import contextlib
import inspect
import io
import json
import re
import signal
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "conventions"))

import torch
import transformers
from ask_transformers import TooLong, build, class_names, on_alarm
from transformers import AutoConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

LIMIT = 100
WINDOW = 8
LAYERS = 8  # at most: more keep no more than the same again
LENGTHS = (6, 24)
# Defaults that hold no layer that attends.
OPTIONS = {
    "bamba": {"num_hidden_layers": 6, "attn_layer_indices": [1, 4]},
    "granitemoehybrid": {"num_hidden_layers": 6, "layer_types": ["linear_attention", "linear_attention", "full_attention"] * 2},
}
CACHES = ("past_key_values", "cache_params", "past_buckets_states", "mems", "state")


def shorten_windows(config):
    """Windows as short as the texts, wherever the configuration has some."""
    for part in [config, *(getattr(config, name, None) for name in config.sub_configs)]:
        for key in ("sliding_window", "attention_chunk_size", "window_size", "local_attention"):
            value = getattr(part, key, None)
            if isinstance(value, int) and not isinstance(value, bool) and value > WINDOW:
                setattr(part, key, WINDOW)


def with_few_layers(cls, options):
    """The default configuration with LAYERS layers, where it takes that and has more."""
    config = cls(**options)
    text = config.get_text_config(decoder=True)
    if options or (getattr(text, "num_hidden_layers", None) or 0) <= LAYERS:
        return config
    parts = [name for name in config.sub_configs if getattr(config, name, None) is text]
    for few in ({parts[0]: {"num_hidden_layers": LAYERS}} if parts else {"num_hidden_layers": LAYERS},):
        with contextlib.suppress(Exception):
            changed = cls(**few)
            if changed.get_text_config(decoder=True).num_hidden_layers == LAYERS:
                return changed
    return config


def tensors_of(value, depth=0):
    """Shapes of the tensors that an object holds, by the names of its attributes."""
    found = {}
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else \
        vars(value).items() if hasattr(value, "__dict__") else ()
    for name, member in members:
        if isinstance(member, torch.Tensor):
            if member.numel() > 0 and member.is_floating_point():
                found[str(name)] = [*member.shape]
        elif depth < 3 and not isinstance(member, (torch.nn.Module, transformers.PreTrainedConfig, str, torch.dtype)):
            found |= {f"{name}.{inner}": shape for inner, shape in tensors_of(member, depth + 1).items()}
    return found


def cached_by(model, config, length):
    names = inspect.signature(model.forward).parameters
    ids = torch.ones(1, length, dtype=torch.long, device="meta")
    inputs = {name: ids for name in ("input_ids", "decoder_input_ids") if name in names}
    if not inputs:
        return None
    if "input_ids" not in names and "input_features" in names:
        inputs["input_features"] = torch.ones(1, getattr(config, "num_mel_bins", 80), 3000, device="meta")
    if "attention_mask" in names:
        inputs["attention_mask"] = torch.ones(1, length, dtype=torch.long, device="meta")
    if "use_cache" in names:
        inputs["use_cache"] = True
    with torch.device("meta"), torch.no_grad():
        try:
            out = model(**inputs)
        except TooLong:
            raise
        except Exception:
            inputs.pop("attention_mask", None)
            model.set_attn_implementation("eager")  # which asks nothing of a mask's numbers
            out = model(**inputs)
    for key in CACHES:
        cache = getattr(out, key, None)
        if cache is not None:
            cache = getattr(cache, "self_attention_cache", cache)
            layers = getattr(cache, "layers", None)
            if layers is None:
                return {key: tensors_of(cache)}
            return [{"class": type(layer).__name__, **tensors_of(layer)} for layer in layers]
    return None


def ask(model_type):
    cls = type(AutoConfig.for_model(model_type))
    config = with_few_layers(cls, OPTIONS.get(model_type, {}))
    shorten_windows(config)
    names = class_names(model_type, cls)
    errors = []
    for name in names[:2] + names[-1:]:
        try:
            model = build(model_type, cls, name, config).eval().to(torch.bfloat16)  # which grouped products want
            break
        except TooLong:
            raise
        except Exception as wrong:
            errors.append(f"{type(wrong).__name__}: {wrong}"[:200])
    else:
        return {"type": model_type, "left_out": errors[-1] if errors else "no class"}
    model.config.architectures = [name]
    model.config.dtype = "bfloat16"
    told = {"type": model_type, "class": name, "encoder_decoder": bool(config.is_encoder_decoder), "lengths": LENGTHS,
            "window": WINDOW, "config": json.loads(model.config.to_json_string(use_diff=True)),
            "tensors": {key: [str(value.dtype).split(".")[1], *value.shape]
                        for key, value in model.state_dict().items()}}
    try:
        told["cache"] = [cached_by(model, config, length) for length in LENGTHS]
    except TooLong:
        raise
    except Exception as wrong:
        told["left_out"] = f"forward: {type(wrong).__name__}: {wrong}"[:200]
    return told


def main():
    out = Path(sys.argv[1])
    done = {json.loads(line)["type"] for line in out.read_text().splitlines()} if out.exists() else set()
    types = sys.argv[2:]
    if not types or re.fullmatch(r"\d+/\d+", types[0]):
        share, shares = map(int, (types or ["0/1"])[0].split("/"))
        types = list(CONFIG_MAPPING_NAMES)[share::shares]
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
                told = {"type": model_type, "left_out": f"{type(wrong).__name__}: {wrong}"[:200]}
            signal.alarm(0)
            stream.write(json.dumps(told) + "\n")
            stream.flush()


if __name__ == "__main__":
    main()
