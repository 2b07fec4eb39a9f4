#include "render/sbom/cyclonedx.h"

#include <utility>

#include <fmt/format.h>

#include "render/json_writer.h"

#include "weigh/version.h"

namespace weigh {
namespace {

void add_metadata(JsonWriter& json, std::optional<std::uint64_t> time) {
  json.key("metadata");
  json.begin_object();
  if (time) json.member("timestamp", iso_time(*time));
  json.key("tools");
  json.begin_object();
  json.key("components");
  json.begin_array();
  json.begin_object(true);
  json.member("type", "application");
  json.member("name", "weigh");
  json.member("version", version());
  json.end_object();
  json.end_array();
  json.end_object();
  json.end_object();
}

void add_component(JsonWriter& json, const BillEntry& entry, std::size_t number) {
  json.begin_object();
  json.member("type", "machine-learning-model");
  json.member("bom-ref", fmt::format("model-{}", number));
  json.member("name", entry.name);
  if (!entry.architecture.empty()) {
    json.key("modelCard");
    json.begin_object();
    json.key("modelParameters");
    json.begin_object(true);
    json.member("modelArchitecture", entry.architecture);
    json.end_object();
    json.end_object();
  }
  json.key("properties");
  json.begin_array();
  for (const auto& [name, value] : entry.properties) {
    json.begin_object(true);
    json.member("name", name);
    json.member("value", value);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::function<void()> CycloneDx::prepare(const Summary& summary) {
  return [this, entry = bill_entry(summary)]() mutable { entries_.push_back(std::move(entry)); };
}

std::string CycloneDx::text() const {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
  json.member("bomFormat", "CycloneDX");
  json.member("specVersion", "1.6");
  json.member("version", std::uint64_t{1});
  add_metadata(json, time_);
  json.key("components");
  json.begin_array();
  for (std::size_t i = 0; i < entries_.size(); ++i) add_component(json, entries_[i], i + 1);
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace weigh
