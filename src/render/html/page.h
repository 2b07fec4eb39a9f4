// A page of HTML about one model or several, which needs nothing but itself: docs/report.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/document.h"
#include "weigh/listing.h"

namespace weigh {

// What was asked beside the models: a plan of the one, what differs between two.
struct PagePart {
  std::string_view kind;  // class of its section
  std::string_view title;
  std::string html;
};

class Page : public Document {
 public:
  explicit Page(const RenderOptions& options, std::optional<PagePart> asked = std::nullopt);
  std::function<void()> prepare(const Summary& summary) override;
  std::string text() const override;

 private:
  std::string asked(int heading) const;  // "" where nothing was

  RenderOptions options_;
  std::optional<PagePart> asked_;
  Listing listing_;
  std::vector<std::string> parts_;  // of the first models
};

}  // namespace weigh
