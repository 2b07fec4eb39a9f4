#include "cli/notes.h"

#include <map>
#include <string_view>

#include <fmt/format.h>

namespace weigh::cli {
namespace {

constexpr std::size_t kMostPlaces = 50;  // named in one line
constexpr std::size_t kMostOfOneCode = 5;

// The notes of parameters and buffers that are not initialised differ in their places alone.
std::string uninitialized_line(const Model& model) {
  std::string places;
  std::size_t all = 0;
  for (const Note& note : model.notes) {
    if (note.code != "uninitialized") continue;
    if (all++ < kMostPlaces) places += (places.empty() ? "" : ", ") + note.place;
  }
  if (all == 0) return "";
  if (all > kMostPlaces) places += fmt::format(" and {} more", all - kMostPlaces);
  return fmt::format(
      "weigh: {}: {} not initialised yet, so totals are lower bounds: {}; run one forward before saving, or give an "
      "example input, to know {}",
      model.source, all == 1 ? "1 tensor is" : fmt::format("{} tensors are", all), places, all == 1 ? "it" : "them");
}

}  // namespace

std::vector<std::string> note_lines(const Model& model) {
  std::vector<std::string> lines;
  if (std::string line = uninitialized_line(model); !line.empty()) lines.push_back(std::move(line));
  std::map<std::string_view, std::size_t> of_code;
  for (const Note& note : model.notes) {
    if (note.code == "uninitialized" || ++of_code[note.code] > kMostOfOneCode) continue;
    const std::string place = note.place.empty() || note.place == model.source ? "" : note.place + " ";
    lines.push_back(fmt::format("weigh: {}: {}{}", model.source, place, note.message));
  }
  for (const auto& [code, count] : of_code) {
    if (count > kMostOfOneCode) {
      lines.push_back(fmt::format("weigh: {}: {} more notes of the kind '{}'; --format json lists them all",
                                  model.source, count - kMostOfOneCode, code));
    }
  }
  return lines;
}

}  // namespace weigh::cli
