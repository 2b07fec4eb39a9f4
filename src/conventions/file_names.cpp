#include "conventions/file_names.h"

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum FileNameIs;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<FileNameRow>({
    {{"diffusion_pytorch_model", "weights", "diffusers 0.42", "diffusers/plain"}, stem},
    {{"model", "weights", "transformers 5.24", "quantized/mlx_int4"}, stem},
    {{"pytorch_model", "weights", "transformers before 4.35", "pytorch_sharded/indexed"}, stem},
    {{"diffusion_flax_model", "weights", "diffusers before 0.36", "FileNames.AreKnown"}, stem},
    {{"flax_model", "weights", "transformers before 5", "FileNames.AreKnown"}, stem},
    {{"tf_model", "weights", "transformers before 5", "FileNames.AreKnown"}, stem},
    {{"rust_model", "weights", "rust-bert", "FileNames.AreKnown"}, stem},
    {{"adapter_model", "weights", "peft 0.19", "FileNames.AreKnown"}, stem},
    {{"adapter", "weights", "authors", "FileNames.AreKnown"}, stem},
    {{"consolidated", "weights", "Meta's llama, Mistral", "FileNames.AreKnown"}, stem},
    {{"fp16", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"fp32", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"bf16", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"fp8", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"f16", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"f32", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"fp64", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"half", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"float16", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"bfloat16", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"float32", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"int8", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"ema", "an average, or what is none", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"8bit", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"non_ema", "an average, or what is none", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"4bit", "precision", "diffusers 0.42: variant; authors", "FileNames.AreKnown"}, variant},
    {{"training_args.bin", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"optimizer.pt", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"optimizer.bin", "state of a trainer", "accelerate", "FileNames.AreKnown"}, trainer_file},
    {{"scheduler.pt", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"scheduler.bin", "state of a trainer", "accelerate", "FileNames.AreKnown"}, trainer_file},
    {{"scaler.pt", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"rng_state.pth", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"optimizer.safetensors", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"training_args.pt", "state of a trainer", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_file},
    {{"rng_state_", "state of a process", "transformers 5.24: Trainer", "FileNames.AreKnown"}, trainer_begins},
    {{"random_states_", "state of a process", "accelerate", "FileNames.AreKnown"}, trainer_begins},
    {{".json", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".jsonl", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".md", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".txt", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".py", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".yaml", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".yml", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".csv", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".tsv", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".log", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".toml", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".html", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".png", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".jpg", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".jpeg", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".jinja", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".sh", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".model", "sentencepiece's words", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".cfg", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".ini", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".webp", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
    {{".parquet", "no weights", "files beside models of the hub", "FileNames.AreKnown"}, no_model_ends},
});
// clang-format on

template <FileNameIs kWhat>
constexpr auto kNames = names_of<kRows, [](const FileNameRow& row) { return row.what == kWhat; }>();

}  // namespace

bool is_usual_stem(std::string_view text) { return kNames<stem>.contains(text); }
bool is_variant(std::string_view word) { return kNames<variant>.contains(word); }

bool is_trainer_file(std::string_view name) {
  return kNames<trainer_file>.contains(name) ||
         std::any_of(kNames<trainer_begins>.begin(), kNames<trainer_begins>.end(),
                     [&](std::string_view begin) { return name.starts_with(begin); });
}

bool is_surely_no_model(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos && kNames<no_model_ends>.contains(name.substr(dot));
}

std::span<const FileNameRow> file_name_rows() { return kRows; }

}  // namespace weigh::conventions
