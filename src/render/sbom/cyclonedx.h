// CycloneDX 1.6: a bill of materials in JSON, with a component for each model. Reference: docs/sbom.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "render/sbom/facts.h"

#include "weigh/document.h"

namespace weigh {

class CycloneDx : public Document {
 public:
  explicit CycloneDx(std::optional<std::uint64_t> time) : time_(time) {}
  std::function<void()> prepare(const Summary& summary) override;
  std::string text() const override;

 private:
  std::optional<std::uint64_t> time_;
  std::vector<BillEntry> entries_;
};

}  // namespace weigh
