// What HDF5 files hold, as one tree: groups and data sets in the files' order. Nothing in it is Keras's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/source.h"
#include "wire/hdf5.h"

#include "weigh/dtype.h"
#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::keras {

inline constexpr std::size_t kNothing = SIZE_MAX;

struct Item {
  std::string name;
  std::size_t parent = kNothing;
  std::vector<std::size_t> children;  // of a group
  std::size_t data_sets = 0;          // it or those below it
  bool is_data_set = false;
  // Of a data set:
  std::size_t file = 0;  // of the sources that the store was made of
  DType dtype = DType::unknown;
  std::vector<Extent> shape;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;        // in the source, of plain data in one piece; 0 of any other
  std::size_t same_as = kNothing;  // an earlier item that is the same data set under another name
};

class Store {
 public:
  // Walks all groups of all files; those of one name are one. All must outlive it. Throws Error where a file
  // contradicts itself: data beyond its end, two data sets that share bytes.
  Store(const std::vector<Source*>& sources, const Limits& limits);

  const Item& operator[](std::size_t item) const { return items_[item]; }
  static constexpr std::size_t root() { return 0; }
  std::size_t size() const { return items_.size(); }
  // kNothing where there is none.
  std::size_t find(std::size_t group, std::string_view name) const;
  // Along a path of names: "batch_normalization/gamma:0".
  std::size_t find_path(std::size_t group, std::string_view path) const;
  // "model_weights/conv/kernel", for messages.
  std::string path_of(std::size_t item) const;

  // An attribute of a group; "" and none where it has none.
  std::string text(std::size_t item, std::string_view attribute);
  // Lists that are too long for one attribute are kept in several: "layer_names0", "layer_names1", ….
  std::vector<std::string> texts(std::size_t item, std::string_view attribute);
  bool has_attribute(std::size_t item, std::string_view attribute) const;
  // Data sets, and groups where another file has a data set, of a name that stood in an earlier file; they were left.
  const std::vector<std::size_t>& duplicates() const { return duplicates_; }

 private:
  struct File {
    Source& source;
    std::unique_ptr<hdf5::File> file;
    std::map<std::uint64_t, std::size_t> by_address;  // data sets
  };
  struct Attributes {
    std::size_t file = 0;
    std::vector<hdf5::Attribute> all;
  };
  struct Step {
    std::size_t file = 0;
    std::uint64_t address = 0;
    std::size_t item = 0;
    std::size_t depth = 0;
  };
  void walk(std::size_t file);
  void look_at(const Step& step, std::vector<Step>& open);
  void add_links(const Step& step, const hdf5::Object& group, std::vector<Step>& open);
  void describe(Item& item, const hdf5::Object& object, File& file);
  void check_overlaps() const;
  void count_data_sets();

  const std::string& label(std::size_t item) const { return files_[items_[item].file].source.label(); }

  const Limits& limits_;
  std::vector<File> files_;
  std::vector<Item> items_;
  std::vector<std::size_t> duplicates_;
  std::map<std::size_t, Attributes> attributes_;  // the first file's that has some
  std::map<std::pair<std::size_t, std::string>, std::size_t, std::less<>> by_name_;
};

}  // namespace weigh::keras
