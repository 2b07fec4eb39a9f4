// Nothing: with this file the headers of libtorch are precompiled, for all that includes them (cmake/torch.cmake).
