module documentation-generator

go 1.27
