// TensorBoard's event files: records of TFRecord,
//
//   u64 length, u32 masked CRC-32C of it, `length` bytes, u32 masked CRC-32C of them        little-endian
//
// of which each holds an Event in protobuf (tensorflow/core/util/event.proto, summary.proto; for hyperparameters
// tensorboard/plugins/hparams/plugin_data.proto).
#pragma once

#include <cstdint>
#include <string>

#include "weigh/lightning/metrics.h"

namespace weigh::lightning {

// Each returns records, ready to be appended. `wall_time` in seconds since 1970.
std::string version_record(double wall_time);  // a file begins with it
std::string scalar_records(double wall_time, std::int64_t step, const Metrics& metrics);
// What the tab "HParams" shows; of metrics, those that it shows beside.
std::string hparams_records(double wall_time, const HParams& hparams, const Metrics& metrics);

}  // namespace weigh::lightning
