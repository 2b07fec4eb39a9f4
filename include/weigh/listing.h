// Several models as lines of one table: what each is, and its totals. They are not added up.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "weigh/render.h"
#include "weigh/summary.h"

namespace weigh {

struct ListedModel {
  std::string name;
  std::string format;
  std::string kind;
  std::string architecture;
  std::size_t notes = 0;         // what is odd about it
  std::vector<GivenSize> given;  // as in the model
  Totals totals;
};

struct Listing {
  std::string source;  // the directory that they are in
  std::vector<ListedModel> models;
};

// What is listed of a model; nothing in it refers to the summary.
ListedModel listed(const Summary& summary, std::string name);

// A table, CSV or Markdown, as the options say. Requires: a format of these three. Text that ends with a newline.
std::string render(const Listing& listing, const RenderOptions& options = {});

}  // namespace weigh
