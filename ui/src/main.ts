import "./styles/index.css";
import { connect } from "./api";
import { tauri } from "./api/tauri";
import { start } from "./start";

connect(tauri);
void start();
