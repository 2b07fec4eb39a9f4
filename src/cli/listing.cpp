#include "cli/listing.h"

#include <algorithm>

#include "analysis/glob.h"

namespace weigh::cli {

void arrange(Listing& listing, const SummaryOptions& options) {
  std::vector<ListedModel>& models = listing.models;
  if (!options.filter.empty()) {
    std::erase_if(models, [&](const ListedModel& model) {
      return model.name.find(options.filter) == std::string::npos && !matches_glob(options.filter, model.name);
    });
  }
  const auto sort = [&](auto key) {
    std::stable_sort(models.begin(), models.end(),
                     [&](const ListedModel& a, const ListedModel& b) { return key(a) < key(b); });
  };
  switch (options.sort) {
    case SortKey::definition: break;
    case SortKey::name: sort([](const ListedModel& model) -> const std::string& { return model.name; }); break;
    case SortKey::parameters: sort([](const ListedModel& model) { return ~model.totals.parameters.known(); }); break;
    case SortKey::size: sort([](const ListedModel& model) { return ~model.totals.bytes.known(); }); break;
  }
  if (options.top > 0 && models.size() > options.top) models.erase(models.begin() + options.top, models.end());
}

}  // namespace weigh::cli
