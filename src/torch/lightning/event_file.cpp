#include "lightning/event_file.h"

#include <bit>
#include <cstring>
#include <string_view>
#include <variant>

#include <protozero/pbf_writer.hpp>

#include "wire/crc32c.h"

namespace weigh::lightning {
namespace {

using protozero::pbf_writer;

static_assert(std::endian::native == std::endian::little);

template <class Number>
void add(std::string& text, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  text.append(bytes, sizeof number);
}

// As TFRecord has it: a checksum of bytes that hold checksums would not differ enough.
std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282'EAD8U;
}

std::string record(const std::string& event) {
  std::string text;
  add(text, static_cast<std::uint64_t>(event.size()));
  add(text, masked_crc(text));
  text += event;
  add(text, masked_crc(event));
  return text;
}

template <class Write>
std::string message(const Write& write) {
  std::string bytes;
  pbf_writer writer(bytes);
  write(writer);
  return bytes;
}

// Event: 1 wall_time, 2 step, 5 summary; Summary: 1 value.
std::string summary_record(double wall_time, std::int64_t step, const std::string& value) {
  return record(message([&](pbf_writer& event) {
    event.add_double(1, wall_time);
    if (step != 0) event.add_int64(2, step);
    event.add_message(5, message([&](pbf_writer& summary) { summary.add_message(1, value); }));
  }));
}

// Value: 1 tag, 9 metadata; SummaryMetadata: 1 plugin_data; PluginData: 1 plugin_name, 2 content.
std::string plugin_record(double wall_time, const char* tag, const std::string& content) {
  const std::string plugin = message([&](pbf_writer& data) {
    data.add_string(1, "hparams");
    data.add_bytes(2, content);
  });
  return summary_record(wall_time, 0, message([&](pbf_writer& value) {
                          value.add_string(1, tag);
                          value.add_message(9, message([&](pbf_writer& metadata) { metadata.add_message(1, plugin); }));
                        }));
}

// google.protobuf.Value: 2 number, 3 string, 4 bool.
std::string value_of(const HParams::mapped_type& hparam) {
  return message([&](pbf_writer& value) {
    if (const auto* text = std::get_if<std::string>(&hparam)) return value.add_string(3, *text);
    if (const auto* truth = std::get_if<bool>(&hparam)) return value.add_bool(4, *truth);
    const auto* whole = std::get_if<std::int64_t>(&hparam);
    value.add_double(2, whole ? static_cast<double>(*whole) : std::get<double>(hparam));
  });
}

// DATA_TYPE_STRING, _BOOL, _FLOAT64
std::int32_t type_of(const HParams::mapped_type& hparam) {
  if (std::holds_alternative<std::string>(hparam)) return 1;
  return std::holds_alternative<bool>(hparam) ? 2 : 3;
}

// Experiment: 4 hparam_infos (1 name, 4 type), 5 metric_infos (1 name: 2 tag).
std::string experiment(const HParams& hparams, const Metrics& metrics) {
  return message([&](pbf_writer& writer) {
    for (const auto& [name, hparam] : hparams)
      writer.add_message(4, message([&, &name = name, &hparam = hparam](pbf_writer& info) {
                           info.add_string(1, name);
                           info.add_enum(4, type_of(hparam));
                         }));
    for (const auto& [name, value] : metrics) {
      const std::string tag = message([&, &name = name](pbf_writer& metric_name) { metric_name.add_string(2, name); });
      writer.add_message(5, message([&](pbf_writer& info) { info.add_message(1, tag); }));
    }
  });
}

// SessionStartInfo: 1 hparams, a map.
std::string session_start(const HParams& hparams) {
  return message([&](pbf_writer& writer) {
    for (const auto& [name, hparam] : hparams)
      writer.add_message(1, message([&, &name = name, &hparam = hparam](pbf_writer& entry) {
                           entry.add_string(1, name);
                           entry.add_message(2, value_of(hparam));
                         }));
  });
}

}  // namespace

std::string version_record(double wall_time) {
  return record(message([&](pbf_writer& event) {
    event.add_double(1, wall_time);
    event.add_string(3, "brain.Event:2");
  }));
}

std::string scalar_records(double wall_time, std::int64_t step, const Metrics& metrics) {
  std::string records;
  for (const auto& [name, number] : metrics)
    records += summary_record(wall_time, step, message([&, &name = name, &number = number](pbf_writer& value) {
                                value.add_string(1, name);
                                value.add_float(2, static_cast<float>(number));
                              }));
  return records;
}

// HParamsPluginData: 2 experiment, 3 session_start_info, 4 session_end_info (1 status: 1 is success).
std::string hparams_records(double wall_time, const HParams& hparams, const Metrics& metrics) {
  const auto data = [](std::uint32_t tag, const std::string& content) {
    return message([&](pbf_writer& writer) { writer.add_message(tag, content); });
  };
  return scalar_records(wall_time, 0, metrics) +
         plugin_record(wall_time, "_hparams_/experiment", data(2, experiment(hparams, metrics))) +
         plugin_record(wall_time, "_hparams_/session_start_info", data(3, session_start(hparams))) +
         plugin_record(wall_time, "_hparams_/session_end_info",
                       data(4, message([](pbf_writer& end) { end.add_enum(1, 1); })));
}

}  // namespace weigh::lightning
