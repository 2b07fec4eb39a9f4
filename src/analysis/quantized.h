// Finding weights that were quantised after training by the names, dtypes and shapes of the tensors of a layer.
//
// What libraries write for a layer of `out` rows and `in` columns, b bits for a weight and a scale for g of them:
//   compressed-tensors  weight_packed i32 [out, in·b/32] (or u8 [out, in/2]), weight_scale, weight_shape, …
//                       FP4, FP6: weight_packed u8 [out, in/2 or in·3/4], weight_scale f8 or u8 [out, in/16 or in/32]
//   GPTQ                qweight i32 [in·b/32, out], qzeros i32 [in/g, out·b/32], scales [in/g, out], g_idx i32 [in]
//   AWQ                 qweight i32 [in, out·b/32], qzeros i32 [in/g, out·b/32], scales [in/g, out]
//                       for vectors: qweight i32 [out, in/8], qzeros i32 [out, z], scales [out, 8·z], z fills up words;
//                       or qweight i16 [out/4, in], qzeros f16 and scales [8·z, out]
//   bitsandbytes        weight u8 [out·in/2, 1] beside weight.absmax, weight.quant_map, …; or weight i8 and SCB
//   FP8, INT8           weight f8 or i8 [out, in], weight_scale or weight_scale_inv
//   ModelOpt NVFP4      weight u8 [out, in/2], weight_scale f8 [out, in/16], weight_scale_2
//            INT4       weight u8 [out/2, in], weight_scale [out, in/g], pre_quant_scale
//   MXFP4               NAME_blocks u8 […, in/32, 16], NAME_scales u8 […, in/32];
//                       or weight u8 [out, in/2], weight_scale
//   HQQ                 W_q [out·in/g·b/8, g], scale [out·in/g, 1], zero, …;
//                       or W_q [g·b/8, out·in/g], scale [1, out·in/g]
//   MLX                 weight u32 [out, in·b/32], scales [out, in/g], biases [out, in/g];
//                       FP4, FP8: scales u8 [out, in/16 or in/32], no biases
//   torchao             _weight_qdata beside _weight_scale, …
//   optimum-quanto      weight._data [out, in], weight._scale; or weight._data._data u8 [out·b/8, in], weight._scale, …
//   BitNet              weight u8 [out/4, in], weight_scale [1]
// The tensors tell what they can; b and g of the configuration are asked where they do not.
#pragma once

#include "weigh/model.h"
#include "weigh/quantized.h"

namespace weigh {

QuantizedWeights find_quantized(const Model& model);

}  // namespace weigh
