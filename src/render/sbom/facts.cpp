#include "render/sbom/facts.h"

#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "render/facts.h"
#include "render/units.h"

#include "weigh/limits.h"

namespace weigh {
namespace {

constexpr NumberStyle kDigits = {.exact = true, .unicode = true, .commas = false};

class Properties {
 public:
  explicit Properties(const Summary& summary) : summary_(summary), model_(*summary.model) {}

  std::vector<std::pair<std::string, std::string>> all() && {
    add("format", model_.format);
    add("kind", model_.kind);
    counts();
    bytes();
    dtypes();
    evidence();
    notes();
    return std::move(properties_);
  }

 private:
  void add(std::string_view name, std::string value) {
    if (!value.empty()) properties_.emplace_back(fmt::format("weighbridge:{}", name), std::move(value));
  }
  void add(std::string_view name, std::uint64_t value) { add(name, fmt::to_string(value)); }

  // What is not exact says so: the number is what is known of it.
  void add(std::string_view name, const Count& count) {
    add(name, count.known());
    add(fmt::format("{}:exact", name), count.is_exact() ? "true" : "false");
    if (!count.is_exact()) add(fmt::format("{}:expression", name), expression(model_, count, kDigits));
  }

  void counts() {
    const Totals& totals = summary_.totals;
    add("parameters", totals.parameters);
    if (totals.trainable_recorded) add("parameters:trainable", totals.trainable.known());
    if (totals.active_parameters) add("parameters:active", *totals.active_parameters);
    add("buffers", totals.buffers);
    add("tensors", std::uint64_t{totals.tensors});
    add("modules", totals.modules);
    const std::uint64_t uninitialized = summary_.uninitialized.size();
    if (uninitialized > 0) add("tensors:uninitialized", uninitialized);
    for (const GivenSize& given : model_.given) add("given:" + given.name, given.size);
  }

  void bytes() {
    add("bytes", summary_.totals.bytes);
    add("bytes:source", model_.source_bytes);
    if (summary_.totals.overhead_bytes > 0) add("bytes:scales", summary_.totals.overhead_bytes);
    add("bits-per-parameter", bits_text(summary_.totals));
  }

  void dtypes() {
    for (const ElementShare& share : element_shares(summary_.totals)) {
      add(fmt::format("dtype:{}:elements", share.name), share.elements.known());
      add(fmt::format("dtype:{}:bytes", share.name), share.bytes);
    }
  }

  // In per cent of all weights.
  void evidence() {
    add("evidence:weakest", std::string(name(summary_.totals.evidence)));
    for (std::size_t i = 0; i < kEvidences; ++i) {
      const auto one = static_cast<Evidence>(i);
      if (const double share = summary_.totals.share(one); share > 0)
        add(fmt::format("evidence:{}", name(one)), fmt::format("{:.6g} %", share));
    }
  }

  void notes() {
    std::size_t told = 0;
    for (const std::vector<Note>* some : {&model_.notes, &summary_.notes}) {
      for (const Note& note : *some) {
        if (++told > ReportLimits().lines) continue;
        add("note:" + note.code, note.place.empty() ? note.message : note.place + ": " + note.message);
      }
    }
    if (told > ReportLimits().lines) add("notes:left-out", told - ReportLimits().lines);
  }

  const Summary& summary_;
  const Model& model_;
  std::vector<std::pair<std::string, std::string>> properties_;
};

}  // namespace

BillEntry bill_entry(const Summary& summary) {
  const Model& model = *summary.model;
  return {short_name(model), model.architecture, Properties(summary).all()};
}

std::string iso_time(std::uint64_t seconds_since_1970) {
  namespace chrono = std::chrono;
  constexpr std::uint64_t kLast = 253'402'300'799;  // of the year 9999
  const chrono::sys_seconds time{chrono::seconds(std::min(seconds_since_1970, kLast))};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

}  // namespace weigh
