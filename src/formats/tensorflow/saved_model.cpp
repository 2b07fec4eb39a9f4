#include "formats/tensorflow/saved_model.h"

#include <fmt/format.h>

#include "bytes/shown.h"
#include "wire/protobuf.h"

#include "weigh/error.h"

namespace weigh::tensorflow {
namespace {

void read_info(ProtoMessage info, SavedModel& saved) {
  while (info.next()) {
    if (info.number() == 4 && saved.tags.size() < kShownText)
      saved.tags += (saved.tags.empty() ? "" : ", ") + info.head(kShownText);
    if (info.number() == 5) saved.version = info.head(kShownText);
  }
}

void read_objects(ProtoMessage graph, const std::string& label, const Limits& limits, SavedModel& saved) {
  while (graph.next()) {
    if (graph.number() != 1) continue;
    if (saved.trainable.size() >= limits.tracked_objects) {
      throw Error(ErrorKind::limit, label,
                  fmt::format("has more than {} objects (limit tracked_objects)", limits.tracked_objects));
    }
    std::optional<bool>& trainable = saved.trainable.emplace_back();
    ProtoMessage object = graph.message("SavedObject");
    while (object.next()) {
      if (object.number() != 7) continue;
      trainable = false;
      ProtoMessage variable = object.message("SavedVariable");
      while (variable.next())
        if (variable.number() == 3) trainable = variable.varint() != 0;
    }
  }
}

}  // namespace

SavedModel read_saved_model(Source& source, const Limits& limits) {
  if (source.size() > limits.saved_model_bytes) {
    throw Error(
        ErrorKind::limit, source.label(),
        fmt::format("has {} bytes, more than {} (limit saved_model_bytes)", source.size(), limits.saved_model_bytes));
  }
  SavedModel saved;
  ProtoBytes bytes(source);
  ProtoMessage message(bytes, 0, source.size(), "SavedModel");
  bool is_first = true;
  while (message.next()) {
    if (message.number() != 2 || !is_first) continue;
    is_first = false;
    ProtoMessage graph = message.message("MetaGraphDef");
    while (graph.next()) {
      if (graph.number() == 1) read_info(graph.message("MetaInfoDef"), saved);
      if (graph.number() == 5) add_signature(graph.message("MetaGraphDef.signature_def"), limits, saved.signatures);
      if (graph.number() == 7) read_objects(graph.message("SavedObjectGraph"), source.label(), limits, saved);
    }
  }
  return saved;
}

}  // namespace weigh::tensorflow
