import './batch.css';
import './diff.css';
import './studio.css';
import './desk.css';
