module protocol

go 1.21
