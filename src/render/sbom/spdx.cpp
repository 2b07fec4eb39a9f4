#include "render/sbom/spdx.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "render/json_writer.h"

#include "weigh/version.h"

namespace weigh {
namespace {

constexpr std::string_view kCreation = "_:creation";

// FNV-1a of 64 bits.
std::uint64_t hashed(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return (hash ^ 0xFF) * 0x100000001B3;  // where one text ends
}

void add_creation(JsonWriter& json, std::optional<std::uint64_t> time, const std::string& agent) {
  json.begin_object();
  json.member("type", "CreationInfo");
  json.member("@id", kCreation);
  json.member("specVersion", "3.0.1");
  json.member("created", iso_time(time.value_or(0)));
  if (!time) json.member("comment", "No clock was asked: 1970 stands for a time that SOURCE_DATE_EPOCH did not give.");
  json.key("createdBy");
  json.begin_array(true);
  json.value(agent);
  json.end_array();
  json.end_object();
}

void begin_element(JsonWriter& json, std::string_view type, const std::string& id, std::string_view name) {
  json.begin_object();
  json.member("type", type);
  json.member("spdxId", id);
  json.member("creationInfo", kCreation);
  json.member("name", name);
}

void add_package(JsonWriter& json, const std::string& id, const BillEntry& entry) {
  begin_element(json, "ai_AIPackage", id, entry.name);
  json.member("software_primaryPurpose", "model");
  if (!entry.architecture.empty()) {
    json.key("ai_typeOfModel");
    json.begin_array(true);
    json.value(entry.architecture);
    json.end_array();
  }
  json.key("extension");
  json.begin_array();
  json.begin_object();
  json.member("type", "extension_CdxPropertiesExtension");
  json.key("extension_cdxProperty");
  json.begin_array();
  for (const auto& [name, value] : entry.properties) {
    json.begin_object(true);
    json.member("type", "extension_CdxPropertyEntry");
    json.member("extension_cdxPropName", name);
    json.member("extension_cdxPropValue", value);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_array();
  json.end_object();
}

}  // namespace

std::function<void()> Spdx::prepare(const Summary& summary) {
  return [this, entry = bill_entry(summary)]() mutable { entries_.push_back(std::move(entry)); };
}

// The same facts have the same names, others have others.
std::string Spdx::name_space() const {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const BillEntry& entry : entries_) {
    hash = hashed(entry.name, hash);
    for (const auto& [name, value] : entry.properties) hash = hashed(value, hashed(name, hash));
  }
  return fmt::format("urn:weighbridge:{:016x}:", hash);
}

std::string Spdx::text() const {
  const std::string ids = name_space();
  const std::string agent = ids + "weigh";
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("@context", "https://spdx.org/rdf/3.0.1/spdx-context.jsonld");
  json.key("@graph");
  json.begin_array();
  add_creation(json, time_, agent);
  begin_element(json, "SoftwareAgent", agent, fmt::format("weigh {}", version()));
  json.end_object();
  begin_element(json, "SpdxDocument", ids + "document", entries_.size() == 1 ? entries_[0].name : "models");
  json.key("profileConformance");
  json.begin_array(true);
  for (const char* profile : {"core", "software", "extension"}) json.value(profile);
  json.end_array();
  for (const char* member : {"rootElement", "element"}) {
    json.key(member);
    json.begin_array(true);
    for (std::size_t i = 0; i < entries_.size(); ++i) json.value(fmt::format("{}model-{}", ids, i + 1));
    json.end_array();
  }
  json.end_object();
  for (std::size_t i = 0; i < entries_.size(); ++i)
    add_package(json, fmt::format("{}model-{}", ids, i + 1), entries_[i]);
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace weigh
