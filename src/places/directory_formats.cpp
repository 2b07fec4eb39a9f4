#include "places/directory_formats.h"

#include <algorithm>
#include <array>

#include "formats/dcp/format.h"
#include "formats/deepspeed/format.h"
#include "formats/megatron/format.h"
#include "formats/orbax/format.h"
#include "formats/tensorflow/format.h"
#include "places/hub_cache.h"
#include "places/pipeline.h"
#include "places/rank_files.h"
#include "places/sentence_transformer.h"

namespace weigh {
namespace {

// In the order in which they are tried; what none of them knows is looked at by plan_directory.
constexpr std::array kDirectoryFormats = {
    DirectoryFormat{"TensorFlow", "SavedModels, and checkpoints of versions 1 and 2 with all their shards",
                    matches_tensorflow, read_tensorflow},
    DirectoryFormat{"Orbax", "checkpoints of JAX: a directory with _METADATA, Zarr or OCDBT", matches_orbax,
                    read_orbax},
    DirectoryFormat{"diffusers", "a pipeline's directory: model_index.json and a folder for each component",
                    matches_pipeline, read_pipeline},
    DirectoryFormat{"sentence-transformers", "a directory of modules (modules.json) of which several have weights",
                    matches_sentence_transformer, read_sentence_transformer},
    DirectoryFormat{"Hugging Face cache", "models--ORG--NAME of huggingface_hub: the revision of refs/main",
                    matches_hub_cache, read_hub_cache},
    DirectoryFormat{"ranks", "one model in files of ranks: Meta's consolidated.00.pth, verl's, DCP's in safetensors",
                    matches_rank_files, read_rank_files},
    DirectoryFormat{"PyTorch DCP", "torch.distributed.checkpoint: .metadata and *.distcp, FSDP among others",
                    matches_dcp, read_dcp, true},
    DirectoryFormat{"DeepSpeed", "checkpoints of ZeRO 0 to 3, and universal ones", matches_deepspeed, read_deepspeed},
    DirectoryFormat{"Megatron", "checkpoints of ranks (mp_rank_00_000): tensor and pipeline parallel", matches_megatron,
                    read_megatron},
};

}  // namespace

std::span<const DirectoryFormat> directory_format_table() { return kDirectoryFormats; }

const DirectoryFormat* directory_format_of(const Folder& folder) {
  (void)folder.names();  // each format looks for a few, and the system need not be asked for each
  const auto* found = std::find_if(kDirectoryFormats.begin(), kDirectoryFormats.end(),
                                   [&](const DirectoryFormat& format) { return format.matches(folder); });
  return found == kDirectoryFormats.end() ? nullptr : found;
}

}  // namespace weigh
