#include "cli/notes.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

namespace weigh::cli {
namespace {

constexpr std::size_t kMostPlaces = 50;  // named in one line
constexpr std::size_t kMostOfOneCode = 5;

// The notes of parameters and buffers that are not initialised differ in their places alone.
std::string uninitialized_line(const Model& model) {
  const bool is_given = !model.given.empty() && std::all_of(model.tensors.begin(), model.tensors.end(), [&](auto& one) {
    return one.state != State::uninitialised || model.numel(one).is_exact();
  });
  std::string places;
  std::size_t all = 0;
  for (const Note& note : model.notes) {
    if (note.code != "uninitialized") continue;
    if (all++ < kMostPlaces) places += (places.empty() ? "" : ", ") + note.place;
  }
  if (all == 0) return "";
  if (all > kMostPlaces) places += fmt::format(" and {} more", all - kMostPlaces);
  const std::string are = all == 1 ? "1 tensor is" : fmt::format("{} tensors are", all);
  if (is_given) {
    return fmt::format("weigh: {}: {} not initialised yet: {}; what is said of {} holds for the sizes of --set",
                       model.source, are, places, all == 1 ? "it" : "them");
  }
  return fmt::format(
      "weigh: {}: {} not initialised yet, so totals are lower bounds: {}; run one forward before saving, or give an "
      "example input, to know {}",
      model.source, are, places, all == 1 ? "it" : "them");
}

}  // namespace

std::vector<std::string> note_lines(const Model& model, const std::vector<Note>& found) {
  std::vector<std::string> lines;
  if (std::string line = uninitialized_line(model); !line.empty()) lines.push_back(std::move(line));
  std::map<std::string_view, std::size_t> of_code;
  const auto tell = [&](const Note& note) {
    if (note.code == "uninitialized" || ++of_code[note.code] > kMostOfOneCode) return;
    const std::string place = note.place.empty() || note.place == model.source ? "" : note.place + " ";
    lines.push_back(fmt::format("weigh: {}: {}{}", model.source, place, note.message));
  };
  for (const Note& note : model.notes) tell(note);
  for (const Note& note : found) tell(note);
  for (const auto& [code, count] : of_code) {
    if (count > kMostOfOneCode) {
      lines.push_back(fmt::format("weigh: {}: {} more notes of the kind '{}'; --format json lists them all",
                                  model.source, count - kMostOfOneCode, code));
    }
  }
  return lines;
}

std::string notes_line(const Listing& listing) {
  const auto has_notes = [](const ListedModel& model) { return model.notes > 0; };
  const auto first = std::find_if(listing.models.begin(), listing.models.end(), has_notes);
  if (first == listing.models.end()) return "";
  const auto count = std::count_if(first, listing.models.end(), has_notes);
  const std::string between = listing.source.ends_with('/') ? "" : "/";
  return fmt::format("weigh: {}: {} of {} models {} notes; 'weigh {}{}{}' tells those of the first", listing.source,
                     count, listing.models.size(), count == 1 ? "has" : "have", listing.source, between, first->name);
}

}  // namespace weigh::cli
