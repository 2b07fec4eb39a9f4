// A page of HTML about one model or several, which needs nothing but itself: docs/report.md.
#pragma once

#include <string>
#include <vector>

#include "weigh/document.h"
#include "weigh/listing.h"

namespace weigh {

class Page : public Document {
 public:
  explicit Page(const RenderOptions& options);
  std::function<void()> prepare(const Summary& summary) override;
  std::string text() const override;

 private:
  RenderOptions options_;
  Listing listing_;
  std::vector<std::string> parts_;  // of the first models
};

}  // namespace weigh
