weigh_test(conventions
  FILES conventions/lazy_shapes_test.cpp
  ROOMS conventions model bytes)
