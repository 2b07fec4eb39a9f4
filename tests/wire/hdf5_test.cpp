// HDF5 files of every kind that h5py writes, against what h5py says of them.
#include "wire/hdf5.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/source.h"
#include "support/files.h"

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

using Json = nlohmann::json;

std::string name_of(const Datatype& type) {
  const std::string bits = std::to_string(8 * type.bytes);
  const std::string order = type.is_big_endian && type.bytes > 1 ? (type.kind == Class::real ? ">f" : ">i") : "";
  if (!order.empty() && (type.kind == Class::real || type.kind == Class::integer))
    return order + std::to_string(type.bytes);
  switch (type.kind) {
    case Class::integer: return (type.is_signed ? "int" : "uint") + bits;
    case Class::real: return type.bytes == 2 && type.mantissa_bits == 7 ? "bfloat16" : "float" + bits;
    case Class::boolean: return "bool";
    case Class::text: return type.is_variable ? "object" : "|S" + std::to_string(type.bytes);
    case Class::opaque: return "|V" + std::to_string(type.bytes);
    default: return "other";
  }
}

// Data sets under every name, and attributes of text, as tools/fixtures/make_hdf5.py describes them. Headers are read
// once, so one that has two names is described where it was met first, and its other names point there.
class Describer {
 public:
  explicit Describer(Source& source) : file_(source, limits_) {}

  Json run() {
    open_.push_back({"", file_.root(), {}});
    while (!open_.empty()) {
      const Step step = open_.back();
      open_.pop_back();
      look_at(step);
    }
    return {{"data_sets", sets_}, {"attributes", attributes_}};
  }

 private:
  struct Step {
    std::string path;
    std::uint64_t address;
    std::vector<std::uint64_t> above;
  };

  const Object& object(std::uint64_t address) {
    const auto known = objects_.find(address);
    if (known != objects_.end()) return known->second.first;
    auto& [object, links] = objects_[address];
    object = file_.open(address);
    links = file_.links(object);
    return object;
  }

  void look_at(const Step& step) {
    const Object& object = this->object(step.address);
    for (const Attribute& attribute : object.attributes) describe(step.path, attribute);
    if (object.is_data_set()) describe(step.path, object);
    for (const std::uint64_t above : step.above)
      if (above == step.address) return;
    std::vector<std::uint64_t> above = step.above;
    above.push_back(step.address);
    for (const Link& link : objects_[step.address].second)
      open_.push_back({step.path.empty() ? link.name : step.path + "/" + link.name, link.target, above});
  }

  void describe(const std::string& path, const Attribute& attribute) {
    const std::vector<std::string> texts = file_.texts(attribute);
    if (texts.empty()) return;
    std::size_t length = 0;
    for (const std::string& text : texts) length += text.size();
    Json& place = attributes_[path + "@" + attribute.name] = Json::array();
    for (const std::string& text : texts) place.push_back(length < 1000 ? Json(text) : Json(text.size()));
  }

  void describe(const std::string& path, const Object& object) {
    Json& set = sets_[path];
    set["shape"] = object.space->is_null ? Json() : Json(object.space->extents);
    set["bytes"] = object.type->bytes;
    set["dtype"] = name_of(*object.type);
    set["offset"] = object.layout->storage == Storage::contiguous ? Json(object.layout->offset) : Json();
  }

  Limits limits_;
  File file_;
  std::map<std::uint64_t, std::pair<Object, std::vector<Link>>> objects_;
  std::vector<Step> open_;
  Json sets_ = Json::object();
  Json attributes_ = Json::object();
};

class Hdf5Fixture : public ::testing::TestWithParam<const char*> {};

TEST_P(Hdf5Fixture, IsWhatH5pySays) {
  Json expected = Json::parse(testing::file("hdf5/expected.json"))[GetParam()];
  // h5py shows these as what NumPy makes of them.
  for (const auto& [name, dtype] : {std::pair{"types/bfloat16", "bfloat16"}, {"types/compound", "other"}}) {
    if (expected["data_sets"].contains(name)) expected["data_sets"][name]["dtype"] = dtype;
  }
  if (expected["data_sets"].contains("types/committed")) {
    expected["data_sets"]["types/committed"]["dtype"] = "other";
    expected["data_sets"]["types/committed"]["bytes"] = 0;
  }
  if (expected["data_sets"].contains("types/text"))
    expected["data_sets"]["types/text"]["bytes"] = 16;  // h5py tells the size of a pointer
  const std::string bytes = testing::file(std::string("hdf5/") + GetParam());
  const auto source = memory_source("m", bytes);
  const Json described = Describer(*source).run();
  EXPECT_EQ(described["attributes"], expected["attributes"]);
  EXPECT_EQ(described["data_sets"], expected["data_sets"]);
}

INSTANTIATE_TEST_SUITE_P(All, Hdf5Fixture,
                         ::testing::Values("v0.h5", "v2.h5", "v3.h5", "user_block.h5", "many_old.h5", "many_new.h5",
                                           "many_ordered.h5"));

TEST_P(Hdf5Fixture, CutShortIsRefused) {
  const std::string bytes = testing::file(std::string("hdf5/") + GetParam());
  const std::size_t step = bytes.size() / 500;
  for (std::size_t length = 0; length < bytes.size(); length += step) {
    const std::string prefix = bytes.substr(0, length);
    const auto source = memory_source("m", prefix);
    EXPECT_THROW(Describer(*source).run(), Error) << length;
  }
}

}  // namespace
}  // namespace weigh::hdf5
