// no-missing and index-agrees: what the reader noted of files beside each other.
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "check/rule.h"

namespace weigh::checks {
namespace {

// Codes of notes.
constexpr std::array<std::string_view, 12> kMissing = {
    "missing-shard", "missing-rank",   "missing-file",   "missing-chunk",  "missing-data", "missing-component",
    "missing-layer", "missing-weight", "missing-expert", "missing-tensor", "short-shard",  "no-variables"};
constexpr std::array<std::string_view, 7> kDisagreeing = {"stale-index",     "wrong-shard", "missing-tensor",
                                                          "unlisted-tensor", "total-size",  "total-parameters",
                                                          "surplus-shard"};

// Places of notes with these codes.
Finding noted(const Model& model, const auto& codes) {
  Finding finding = failed("");
  for (const Note& note : model.notes)
    if (std::find(codes.begin(), codes.end(), note.code) != codes.end())
      add_place(finding, note.place.empty() ? model.source : note.place);
  return finding;
}

}  // namespace

Finding no_missing(const Subject& subject, const Gate& /*gate*/) {
  Finding missing = noted(subject.model, kMissing);
  for (const Tensor& tensor : subject.model.tensors)
    if (tensor.state == State::missing) add_place(missing, subject.model.path_of(tensor));
  if (missing.all_places == 0) return passed("nothing is missing");
  missing.message = "parts are missing";
  return missing;
}

Finding index_agrees(const Subject& subject, const Gate& /*gate*/) {
  Finding disagreeing = noted(subject.model, kDisagreeing);
  if (disagreeing.all_places == 0) return passed("no index contradicts the files");
  disagreeing.message = "the index and the files contradict each other";
  return disagreeing;
}

}  // namespace weigh::checks
