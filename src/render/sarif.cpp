// SARIF 2.1.0 (OASIS): one run, all rules, and a result for each gate that did not pass: what is undecided is a
// warning. GitHub takes at most 25,000 results, so there is never one for each tensor: those stand in the message.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "render/check.h"
#include "render/json_writer.h"
#include "render/text.h"

#include "weigh/version.h"

namespace weigh {
namespace {

constexpr std::string_view kSarifSchema = "https://json.schemastore.org/sarif-2.1.0.json";

// A path as a relative or absolute reference of RFC 3986.
std::string uri_of(std::string_view path) {
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._~/").find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// FNV-1a, the same in every process: by it services tell that a result is one they know.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
  return hash;
}

void add_text(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.begin_object(true);
  json.member("text", text);
  json.end_object();
}

void add_rules(JsonWriter& json) {
  json.key("rules");
  json.begin_array();
  for (const Rule& rule : rules()) {
    json.begin_object(true);
    json.member("id", rule.id);
    add_text(json, "shortDescription", rule.purpose);
    json.end_object();
  }
  json.end_array();
}

std::uint64_t index_of(std::string_view rule) {
  std::uint64_t index = 0;
  for (const Rule& one : rules()) {
    if (one.id == rule) return index;
    ++index;
  }
  return index;
}

void add_location(JsonWriter& json, const Checked& one, const Finding& finding) {
  json.key("locations");
  json.begin_array(true);
  json.begin_object(true);
  json.key("physicalLocation");
  json.begin_object(true);
  json.key("artifactLocation");
  json.begin_object(true);
  json.member("uri", uri_of(one.source));
  json.end_object();
  json.end_object();
  if (!finding.places.empty()) {
    json.key("logicalLocations");
    json.begin_array(true);
    for (const std::string& place : finding.places) {
      json.begin_object(true);
      json.member("fullyQualifiedName", printable(place));
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  json.end_array();
}

void add_result(JsonWriter& json, const Checked& one, const Finding& finding) {
  const bool has_failed = finding.verdict == Outcome::failed;
  json.begin_object(true);
  json.member("ruleId", finding.rule);
  json.member("ruleIndex", index_of(finding.rule));
  json.member("level", has_failed ? "error" : "warning");
  add_text(json, "message", printable((has_failed ? "" : "undecided: ") + told(finding)));
  add_location(json, one, finding);
  json.key("partialFingerprints");
  json.begin_object(true);
  json.member("gate/v1", fmt::format("{:016x}", stable_hash(finding.rule + '\n' + one.source)));
  json.end_object();
  json.end_object();
}

void add_invocation(JsonWriter& json, std::span<const Checked> checked) {
  json.key("invocations");
  json.begin_array();
  json.begin_object();
  const auto is_unreadable = [](const Checked& one) { return !one.unreadable.empty(); };
  json.member("executionSuccessful", std::none_of(checked.begin(), checked.end(), is_unreadable));
  json.key("toolExecutionNotifications");
  json.begin_array();
  for (const Checked& one : checked) {
    if (!is_unreadable(one)) continue;
    json.begin_object(true);
    json.member("level", "error");
    add_text(json, "message", printable(one.unreadable));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_array();
}

}  // namespace

std::string render_sarif(std::span<const Checked> checked) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("$schema", kSarifSchema);
  json.member("version", "2.1.0");
  json.key("runs");
  json.begin_array();
  json.begin_object();
  json.key("tool");
  json.begin_object();
  json.key("driver");
  json.begin_object();
  json.member("name", "weigh");
  json.member("semanticVersion", version());
  add_rules(json);
  json.end_object();
  json.end_object();
  add_invocation(json, checked);
  json.key("results");
  json.begin_array();
  for (const Checked& one : checked)
    for (const Finding& finding : one.findings)
      if (finding.verdict != Outcome::passed) add_result(json, one, finding);
  json.end_array();
  json.end_object();
  json.end_array();
  json.end_object();
  return out + "\n";
}

}  // namespace weigh
