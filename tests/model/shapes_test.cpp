#include "model/shapes.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

namespace weigh {
namespace {

using Shape = std::vector<Extent>;

TEST(Shapes, KeepsAShapeOnce) {
  Shape extents;
  Shapes shapes(extents);
  const Index first = shapes.keep(Shape{Extent(7168), Extent(256)});
  const Index other = shapes.keep(Shape{Extent(2)});
  EXPECT_EQ(shapes.keep(Shape{Extent(7168), Extent(256)}), first);
  EXPECT_EQ(shapes.keep(Shape{Extent(2)}), other);
  EXPECT_EQ(extents, (Shape{Extent(7168), Extent(256), Extent(2)}));
}

TEST(Shapes, TellsShapesApart) {
  Shape extents;
  Shapes shapes(extents);
  const std::vector<Shape> all = {{},
                                  {Extent(0)},
                                  {Extent(2), Extent(3)},
                                  {Extent(3), Extent(2)},
                                  {Extent(2), Extent(3), Extent(1)},
                                  {Extent::unknown(0)},
                                  {Extent::unknown(1)}};
  for (const Shape& shape : all) {
    const Index first = shapes.keep(shape);  // adds to the extents
    EXPECT_TRUE(std::equal(shape.begin(), shape.end(), extents.begin() + first));
  }
  EXPECT_EQ(extents.size(), 10U);
}

// More than are remembered: forgotten shapes are kept again, none is mistaken for another.
TEST(Shapes, KeepsAnyNumber) {
  Shape extents;
  Shapes shapes(extents);
  for (int round = 0; round < 2; ++round)
    for (std::uint64_t i = 0; i < 1'000; ++i) EXPECT_EQ(extents[shapes.keep(Shape{Extent(i)})], Extent(i));
}

TEST(Shapes, AddsWithoutLooking) {
  Shape extents;
  Shapes shapes(extents);
  EXPECT_EQ(shapes.keep(Shape{Extent(5)}), 0U);
  EXPECT_EQ(shapes.add(Shape{Extent(5)}), 1U);
}

}  // namespace
}  // namespace weigh
