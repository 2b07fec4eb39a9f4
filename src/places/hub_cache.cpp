#include "places/hub_cache.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kSnapshots = "snapshots";
constexpr std::string_view kIncomplete = ".incomplete";
constexpr std::size_t kLongestCommit = 100;
constexpr std::size_t kMostNamed = 5;

bool holds(const std::vector<std::string>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

// "" where there is none.
std::string commit_of_main(const Folder& folder) {
  const std::unique_ptr<Folder> refs = folder.enter("refs");
  if (!refs->contains("main")) return "";
  const std::unique_ptr<Source> main = refs->open("main");
  std::string commit = main->read(0, static_cast<std::size_t>(std::min<std::uint64_t>(main->size(), kLongestCommit)));
  commit.erase(commit.find_last_not_of(" \r\n\t") + 1);
  return commit;
}

std::string revision_of(const Folder& folder) {
  const std::unique_ptr<Folder> snapshots = folder.enter(kSnapshots);
  const std::vector<std::string>& revisions = snapshots->folders();
  const std::string main = commit_of_main(folder);
  if (!main.empty()) {
    if (holds(revisions, main)) return main;
    throw Error(ErrorKind::unsupported, folder.label(),
                fmt::format("is a cache of which refs/main is at {}, a revision that was not downloaded", main));
  }
  if (revisions.size() == 1) return revisions.front();
  throw Error(ErrorKind::unsupported, folder.label(),
              revisions.empty() ? "is a cache without a revision: nothing was downloaded"
                                : fmt::format("is a cache of {} revisions without refs/main; name one of them: {}",
                                              revisions.size(), fmt::join(revisions, ", ")));
}

void note_incomplete(const Folder& folder, Model& model) {
  const std::unique_ptr<Folder> blobs = folder.enter("blobs");
  std::vector<std::string> incomplete;
  for (const std::string& name : blobs->names())
    if (name.ends_with(kIncomplete)) incomplete.push_back("blobs/" + name);
  if (incomplete.empty()) return;
  const std::size_t count = incomplete.size();
  incomplete.resize(std::min(count, kMostNamed));
  model.notes.push_back(
      {"incomplete-download", fmt::format("{}", fmt::join(incomplete, ", ")),
       fmt::format("{} of {} that {} not downloaded to the end; download the model again",
                   count == 1 ? "is a part" : "are parts", count == 1 ? "a file" : fmt::format("{} files", count),
                   count == 1 ? "was" : "were")});
}

}  // namespace

bool matches_hub_cache(const Folder& folder) {
  return holds(folder.folders(), kSnapshots) && holds(folder.folders(), "blobs") && folder.names().empty();
}

void read_hub_cache(Folder& folder, const ReadOptions& options, Model& model) {
  const std::string revision = revision_of(folder);
  const std::unique_ptr<Folder> snapshot = folder.enter(kSnapshots)->enter(revision);
  Model found = read(*snapshot, "", options);
  found.source = std::move(model.source);
  found.metadata.emplace_back("revision", revision);
  model = std::move(found);
  note_incomplete(folder, model);
}

}  // namespace weigh
