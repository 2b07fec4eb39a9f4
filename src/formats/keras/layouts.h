// The three ways in which weights lie in an HDF5 file.
//
//   saved     Keras 3, and Keras 2 from 2.13 on: a group for each layer below "layers", named by its class and numbered
//             ("conv2d", "conv2d_1"), its variables in "vars" under the numbers "0", "1", …; attributes of layers that
//             hold layers as groups of their own ("cell", "forward_layer"); "optimizer". The attribute "name" of "vars"
//             is the layer's name, in newer files.
//   legacy    a group for each layer by its name, whose attribute "weight_names" lists paths ("conv/kernel:0"); the
//             attribute "layer_names" above lists the layers. In whole models all below "model_weights", beside
//             "optimizer_weights" and the attribute "model_config".
//   plain     any other: groups are modules, data sets tensors.
#pragma once

#include "formats/keras/assembler.h"

namespace weigh::keras {

enum class Layout : std::uint8_t { saved, legacy, plain };

Layout layout_of(const Store& store);

void read_saved(Assembler& assembler);
void read_legacy(Assembler& assembler);
void read_plain(Assembler& assembler);

}  // namespace weigh::keras
