// SPDX 3.0.1 in JSON-LD, with an AI package for each model. Reference: docs/sbom.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "render/sbom/facts.h"

#include "weigh/document.h"

namespace weigh {

class Spdx : public Document {
 public:
  explicit Spdx(std::optional<std::uint64_t> time) : time_(time) {}
  std::function<void()> prepare(const Summary& summary) override;
  std::string text() const override;

 private:
  std::string name_space() const;

  std::optional<std::uint64_t> time_;
  std::vector<BillEntry> entries_;
};

}  // namespace weigh
