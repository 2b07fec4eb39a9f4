// The files of a case that a JSON file describes: what a tool would have written, by name.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

namespace weigh::testing {

// In the order of the text: a header's tensors stand as they are written.
using OrderedJson = nlohmann::ordered_json;

// Each value of `files` is one of
//   {"safetensors": {TENSOR: [DTYPE, [SIZE, ...]]}, "metadata": {KEY: TEXT}}
//   {"header": TEXT, "data": BYTES}        a safetensors file with this header, whatever it says
//   {"gguf": {"metadata": {KEY: VALUE}, "tensors": {NAME: [TYPE, [SIZE, ...], BYTES]}}}
//   {"json": VALUE}, {"text": TEXT}
//   {"fixture": NAME}                      a file of tests/data
//   {"link": TARGET}                       a symbolic link, as text
std::map<std::string, std::string> case_files(const OrderedJson& files);

}  // namespace weigh::testing
