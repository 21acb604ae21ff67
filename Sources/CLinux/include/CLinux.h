// GNU and Linux calls that Swift's importer can't see. Each is named for the call it makes.
#pragma once
